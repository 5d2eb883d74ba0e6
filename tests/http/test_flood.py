"""The flood of ``make flood``, for two seconds, all of it at once."""

import json
import subprocess
import sys

import pytest

from tests.http.process import ROOT


@pytest.mark.network
def test_a_flood_is_borne_and_the_owner_can_end_it() -> None:
    """No fault of the server, disk, log and memory within their bounds, others answered, the chat closed when asked."""
    flood = [sys.executable, "-m", "bench.flood", "2", "once"]
    done = subprocess.run(flood, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["requests"] > 100
    assert result["faults"] == 0
    assert result["disk"] < 250
    assert result["log"] < 1
    assert result["memory"] < 200
    assert result["first_p95"] < 20  # which stands for "not at all"
    assert result["close"] < 5  # a second, on a machine that does nothing else
