"""A test of a real browser or of programs of its own that fails is tried once more, on servers that are new.

Such tests wait for what other processes do, and a busy machine may be slower than any wait. The summary shows each
first try that failed: it is a fault of the test or of the product, and to be mended.
"""

import contextlib
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

MARKERS = ("network", "browser", "processes")
RERUN: Any = "rerun"
"""The outcome of a first try that failed; pytest's types know only its own three."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test that talks to other processes, and run it again if it failed."""
    if not any(item.get_closest_marker(name) for name in MARKERS):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        with contextlib.suppress(Exception):  # the servers of the first try are thrown away, however they end
            item.session._setupstate.teardown_exact(None)
        for report in reports:
            if report.failed:
                report.outcome = RERUN
                item.ihook.pytest_runtest_logreport(report=report)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Count first tries that failed by themselves."""
    return (RERUN, "R", ("RERUN", {"yellow": True})) if report.outcome == RERUN else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that needed a second try, and show how the first one failed."""
    for report in terminalreporter.stats.get(RERUN, ()):
        terminalreporter.write_sep("_", f"first try of {report.nodeid}", yellow=True)
        report.toterminal(terminalreporter._tw)
    for report in terminalreporter.stats.get(RERUN, ()):
        terminalreporter.write_line(f"RERUN {report.nodeid}")
