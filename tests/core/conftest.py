"""Fixtures of the core's tests."""

from collections.abc import Iterator

import pytest

from tests.core.harness import CoreHarness, build_hall


@pytest.fixture
def harness() -> Iterator[CoreHarness]:
    """The core over fakes; what never ran is dropped."""
    harness = build_hall()
    yield harness
    harness.background.drop_all()
