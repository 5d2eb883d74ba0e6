"""What an owner reads of an error in their workflow."""

import sys

import pytest

from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_core.ports.runner import RunFailed
from tests.fakes.clock import FakeClock


class _Refused(Exception):
    """An error of a model client, with the status that its endpoint answered."""

    status_code = 429


def test_the_base_install_says_the_error_of_a_model_client_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads answers of endpoints needs a library that only a server has."""
    monkeypatch.setitem(sys.modules, "orcheo_adapters.runners.failures", None)
    with pytest.raises(RunFailed) as failed, told_to_owner(FakeClock()):
        raise _Refused("busy")
    assert failed.value.code == "workflow_error"
    assert "_Refused: busy" in failed.value.reason
