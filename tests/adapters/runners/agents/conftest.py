"""The fakes of frameworks stand for their packages in these tests."""

import sys
from types import ModuleType

import pytest

from tests.fakes import frameworks


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the fakes that a file of tests imports, and empty what they recorded of the test before."""
    for fake in vars(request.module).values():
        if isinstance(fake, ModuleType) and fake.__name__.startswith(f"{frameworks.__name__}."):
            for module in fake.MODULES.values():
                monkeypatch.setitem(sys.modules, module.__name__, module)
            for name, recorded in vars(fake).items():
                if name.isupper() and isinstance(recorded, list | set):
                    recorded.clear()
