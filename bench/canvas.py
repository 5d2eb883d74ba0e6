"""What Canvas costs its owner's browser: until a list of 1,000 workflows can be used, and after many switches.

Run as `python -m bench.canvas`. A list can be used when its rows are painted and the page's main thread is free, by a
trace of Chromium; the turns beside each workflow follow. Each opening is a browser profile without a cache.
"""

import json
import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from bench.rounds import print_table
from tests.e2e.browser import FLAGS, find_chromium
from tests.e2e.canvas import one_time_address, registered
from tests.e2e.past_turns import copy
from tests.e2e.server_process import Gates, ServerProcess

OPENINGS = 5
WORKFLOWS, USED, DAYS = 1_000, 50, 30
SEARCHES = ("flow-0999", "flow-0500", "flow-0001", "flow-0042", "flow-0777")
SWITCHES = 200
SETTLED_MS = 1_000
LOOKED_AT = (20, 80, 140, SWITCHES)
TRACED = ["blink.user_timing", "devtools.timeline", "toplevel"]
MARKS = """() => {
  const within = (root, ...path) =>
    path.reduce((found, each) => found?.shadowRoot?.querySelector(each) ?? null, root);
  const mark = (name) => {
    if (performance.getEntriesByName(name).length === 0) performance.mark(name);
  };
  const look = () => {
    const view = within(document.querySelector("orcheo-canvas"), "canvas-workflows");
    if (view?.shadowRoot?.querySelector(".list > li")) setTimeout(() => mark("list-painted"));
    if (view?.shadowRoot?.querySelector(".spark")) setTimeout(() => mark("turns-painted"));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
BOTH = """async () => {
  const NAMES = ["list-painted", "turns-painted"];
  while (!NAMES.every((name) => performance.getEntriesByName(name).length > 0))
    await new Promise(requestAnimationFrame);
  return NAMES.map((name) => performance.getEntriesByName(name)[0].startTime);
}"""


def until_usable(browser: Browser, url: str, signed_in: StorageState) -> tuple[float, float, float]:
    """Milliseconds from the navigation until the list can be used and until its turns are there; the longest task."""
    context = browser.new_context(storage_state=signed_in)
    page = context.new_page()
    page.add_init_script(f"({MARKS})()")
    browser.start_tracing(page=page, categories=TRACED)
    page.goto(f"{url}/canvas")
    painted, turns = page.evaluate(BOTH)
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    context.close()
    (mark,) = [each for each in events if each["name"] == "list-painted"]
    began = mark["ts"] - painted * 1000
    tasks = [
        each
        for each in events
        if (each["pid"], each["tid"]) == (mark["pid"], mark["tid"])
        and each["name"].endswith("RunTask")
        and each["ts"] >= began
        and "dur" in each
    ]
    free = max(each["ts"] + each["dur"] for each in tasks if each["ts"] <= mark["ts"])
    usable = max(painted, (free - began) / 1000)
    return usable, turns, max(each["dur"] for each in tasks) / 1000


def searches(page: Page) -> list[float]:
    """Milliseconds from the last letter of a search until the list has its one row, the pause of typing included."""
    taken = []
    for text in SEARCHES:
        field = page.get_by_label("Search by handle or name")
        field.fill("")
        expect(page.get_by_role("listitem")).to_have_count(USED)
        began = time.monotonic()
        field.fill(text)
        expect(page.get_by_role("listitem")).to_have_count(1)
        taken.append((time.monotonic() - began) * 1000)
    return taken


def memory(page: Page) -> list[list[str]]:
    """What is in use after each number of switches between workflows, each with its chat bubble."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.get_by_label("Search by handle or name").fill("flow-09")
    rows = page.get_by_role("listitem").get_by_role("link")
    expect(rows.first).to_have_text("Flow 0999")
    table = []
    for switch in range(1, SWITCHES + 1):
        rows.nth(switch % 10).click()
        expect(page.get_by_role("button", name="Open the chat with")).to_be_visible()
        page.go_back()
        expect(rows.first).to_be_visible()
        if switch in LOOKED_AT:
            page.wait_for_timeout(SETTLED_MS)  # the view before is free once its requests are over
            session.send("HeapProfiler.collectGarbage")
            now = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            heap = f"{now['JSHeapUsedSize'] / 2**20:.2f}"
            table.append([str(switch), heap, f"{now['Nodes']:.0f}", f"{now['JSEventListeners']:.0f}"])
    return table


def compare() -> None:
    """Measure one after another and print."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = {"ORCHEO_LIMITS": "off"}
        server = ServerProcess(data_dir=Path(folder) / "data", gates=Gates(Path(folder)), settings=settings)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            _fill(server.start())
            _measure(browser, server)
        finally:
            browser.close()
            server.close()


def _fill(server: ServerProcess) -> None:
    """All but the first are written into the database at once, as requests would take a minute."""
    registered(server, "flow-0000")
    server.end()
    copy(server.data_dir, "flow-0000", [f"flow-{number:04}" for number in range(1, WORKFLOWS)], used=USED, days=DAYS)
    server.start()


def _measure(browser: Browser, server: ServerProcess) -> None:
    load = os.getloadavg()[0]
    context = browser.new_context()
    page = context.new_page()
    page.goto(one_time_address(server))
    expect(page.get_by_role("listitem")).to_have_count(USED)
    signed_in = context.storage_state()
    opened = [until_usable(browser, server.url, signed_in) for _ in range(OPENINGS)]
    print_table(
        f"The list of {WORKFLOWS:,} workflows, no cache, median of {OPENINGS} (load {load:.1f})",
        ("can be used, ms", "turns are there, ms", "longest task, ms"),
        [[f"{median(each[at] for each in opened):.0f}" for at in range(3)]],
    )
    found = f"{median(searches(page)):.0f}"
    print_table("A search, from the last letter to its row", ("median, ms",), [[found]])
    head = ("switches", "JavaScript heap, MiB", "DOM nodes", "listeners")
    print_table("Memory", head, memory(page))
    context.close()


if __name__ == "__main__":
    compare()
