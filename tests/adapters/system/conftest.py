"""A log that tests can read."""

import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import orjson
import pytest

from orcheo_adapters.system.logs import JsonLines

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Gives what was logged so far as operators get it, a document for each line."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("orcheo")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield lambda: [orjson.loads(line) for line in written.getvalue().split("\n")[:-1]]
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagate
