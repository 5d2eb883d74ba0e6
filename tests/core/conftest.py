"""Fixtures of the core's tests."""

from collections.abc import Iterator

import pytest

from tests.core.hall import Hall, build_hall


@pytest.fixture
def hall() -> Iterator[Hall]:
    """The core over fakes; what never ran is dropped."""
    hall = build_hall()
    yield hall
    hall.background.drop_all()
