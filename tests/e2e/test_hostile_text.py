"""Hostile text through every carrier of the chat element, in Chromium."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ROOT, ServerProcess

pytestmark = pytest.mark.browser

HOSTILE = ROOT / "web" / "test" / "hostile"
TYPES = {"html": "text/html", "js": "text/javascript"}
NOTES = ("[orcheo] ", "Failed to load resource: the server responded with a status of 404")
"""What the element tells developers, and icons that do not exist."""
TRUSTED_TYPES = "require-trusted-types-for 'script'; trusted-types lit-html orcheo"


def test_hostile_text_runs_nothing_and_requests_nothing(browser: Browser, shared_server: ServerProcess) -> None:
    """No policy but Trusted Types stands in its way: the element alone has to keep it from running."""
    payloads = [each for kind in json.loads((HOSTILE / "payloads.json").read_text("utf-8")).values() for each in kind]
    assert len(payloads) > 400
    tab = ChatTab.open(browser, shared_server.url)
    folder = f"{shared_server.url}/hostile/"
    visited: list[str] = []
    tab.page.on("framenavigated", lambda frame: visited.append(frame.url))
    tab.page.context.on("page", lambda page: visited.append(page.url))

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(folder)
        headers = {"content-type": TYPES[name.rpartition(".")[2]], "content-security-policy": TRUSTED_TYPES}
        route.fulfill(body=(HOSTILE / name).read_text("utf-8"), headers=headers)

    tab.page.route(f"{folder}**", answer)
    tab.page.goto(f"{folder}page.html")
    tab.page.wait_for_function("globalThis.hostile")
    tab.page.evaluate("(payloads) => hostile.run(payloads)", payloads)
    found: dict[str, Any] = tab.page.evaluate("() => ({faults: hostile.faults(), ran, counts: hostile.counts})")
    assert found["counts"]["elements"] > 10 * len(payloads), "nothing was drawn"
    assert found["faults"] == []
    assert found["ran"] == []
    assert visited == [f"{folder}page.html"]
    assert [each for each in tab.complaints if not each.startswith(NOTES)] == []
    assert tab.foreign_requests == []
    tab.close()
