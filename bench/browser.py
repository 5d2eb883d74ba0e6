"""What the chat element costs a visitor's browser: until one can write, while an answer grows, and after many turns.

Run as `python -m bench.browser`. Frames and times depend on what else the machine does, so an idle page is measured
beside them; processor time is that of the page's main thread.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.rounds import print_table
from tests.e2e.browser import FLAGS, ChatTab, find_chromium
from tests.e2e.canvas import delays_on_screen, one_time_address
from tests.e2e.long_page import open_long_page
from tests.e2e.server_process import Gates, ServerProcess

OPENINGS = 5
PIECE, PAUSE_MS = 84, 10
PIECES_50_KB, PIECES_200_KB = 600, 2_400
LAST_FRAMES = 100
LONG_FRAME_MS = 25
"""Longer than one and a half frames: at least one was missed."""
TURNS, TURNS_A_THREAD = 1_000, 10
TRACED = ["blink.user_timing", "loading", "devtools.timeline", "toplevel"]
READY = 'addEventListener("chatkit.ready", () => performance.mark("chat-ready"))'
BOTH = """async () => {
  const NAMES = ["first-contentful-paint", "chat-ready"];
  const isKnown = (name) => performance.getEntriesByName(name).length > 0;
  while (!NAMES.every(isKnown)) await new Promise(requestAnimationFrame);
  return NAMES.map((name) => performance.getEntriesByName(name)[0].startTime);
}"""
Metrics = Callable[[], dict[str, float]]


def until_ready(browser: Browser, share_url: str) -> tuple[float, float, float]:
    """Milliseconds from the navigation to the first paint, and until one can write; processor time until then."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(READY)
    browser.start_tracing(page=page, categories=TRACED)
    page.goto(share_url)
    painted, ready = page.evaluate(BOTH)
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    context.close()
    (mark,) = [each for each in events if each["name"] == "chat-ready"]
    began = mark["ts"] - ready * 1000
    busy = sum(
        each.get("tdur", 0)
        for each in events
        if (each["pid"], each["tid"]) == (mark["pid"], mark["tid"])
        and each["name"].endswith("RunTask")
        and began <= each["ts"] <= mark["ts"]
    )
    return painted, max(ready, painted), busy / 1000


def _metrics(page: Page) -> tuple[CDPSession, Metrics]:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read() -> dict[str, float]:
        return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}

    return session, read


def frames(page: Page) -> list[list[str]]:
    """An answer of 50 kB at 100 pieces a second, and as long without one."""
    _, read = _metrics(page)
    table = []
    page.evaluate("() => long.open('thr_new')")
    for name, script in (
        ("an answer of 50 kB", f"() => long.answer({PIECES_50_KB}, {PIECE}, {PAUSE_MS})"),
        ("an idle page", f"() => long.rest({PIECES_50_KB * PAUSE_MS * 1.2})"),
    ):
        before = read()
        page.evaluate(script)
        spent = read()["TaskDuration"] - before["TaskDuration"]
        taken: list[float] = page.evaluate("() => [...long.frames]")
        longest = sum(each > LONG_FRAME_MS for each in taken)
        wall = sum(taken) / 1000
        table.append(
            [
                name,
                f"{len(taken) / wall:.0f}",
                f"{longest} of {len(taken)}",
                f"{max(taken):.0f}",
                f"{100 * spent / wall:.0f} %",
            ]
        )
    return table


def late_frames(page: Page) -> list[float]:
    """What drawing takes in the last frames of an answer of 200 kB, in milliseconds."""
    page.evaluate("() => long.open('thr_new')")
    page.evaluate(f"() => long.answer({PIECES_200_KB}, {PIECE}, 4)")
    costs: list[float] = page.evaluate("() => long.costs")
    return sorted(costs[-LAST_FRAMES:])


def memory(page: Page) -> list[list[str]]:
    """What is in use after so many turns, in threads of a few turns each."""
    session, read = _metrics(page)
    table = []
    for turn in range(1, TURNS + 1):
        if turn % TURNS_A_THREAD == 1:
            page.evaluate("() => long.open(null)")
        page.evaluate(f"() => long.answer(3, {PIECE}, 0)")
        if turn in {100, 400, 700, TURNS}:
            session.send("HeapProfiler.collectGarbage")
            now = read()
            table.append(
                [
                    str(turn),
                    f"{now['JSHeapUsedSize'] / 2**20:.2f}",
                    f"{now['Nodes']:.0f}",
                    f"{now['JSEventListeners']:.0f}",
                ]
            )
    return table


def owners_view(browser: Browser, server: ServerProcess) -> list[str]:
    """Milliseconds from when a piece is said to the frame in which its owner sees it in Canvas; the first one apart."""
    published = server.publish("clock", "tests.e2e.gated_workflows:tells_the_time")
    visitor = ChatTab.open(browser, server.url).visit(published["share_url"])
    visitor.ask("first")
    visitor.expect_answer(number=0)
    owner = ChatTab.open(browser, server.url)
    owner.page.goto(one_time_address(server))
    owner.page.get_by_role("heading", name="Workflows", level=1).wait_for()
    owner.page.goto(f"{server.url}/canvas/workflows/clock/threads")
    owner.page.get_by_role("link", name="first").click()
    owner.page.locator(".turns").get_by_text("completed").wait_for()
    visitor.ask("second")
    first, *later = delays_on_screen(owner.page, 80)[40:]
    for each in (owner, visitor):
        each.close()
    later.sort()
    return [f"{first:.0f}", f"{median(later):.0f}", f"{later[int(len(later) * 0.95) - 1]:.0f}"]


def compare() -> None:
    """Measure one after another and print."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = ServerProcess(data_dir=Path(folder) / "data", gates=Gates(Path(folder)))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            _measure(browser, server.start())
        finally:
            browser.close()
            server.close()


def _measure(browser: Browser, server: ServerProcess) -> None:
    load = os.getloadavg()[0]
    share_url = server.publish("echo", "examples.echo:answer")["share_url"]
    opened = [until_ready(browser, share_url) for _ in range(OPENINGS)]
    middle = [f"{median(each[at] for each in opened):.0f}" for at in range(3)]
    print_table(
        f"The chat page, no cache, median of {OPENINGS} (load {load:.1f})",
        ("first paint, ms", "one can write, ms", "CPU until then, ms"),
        [middle],
    )
    tab: ChatTab = open_long_page(browser, server.url)
    head = ("at 100 pieces a second", "frames/s", f"over {LONG_FRAME_MS} ms", "longest, ms", "CPU of the main thread")
    print_table("Frames while an answer grows", head, frames(tab.page))
    costs = late_frames(tab.page)
    print_table(
        f"Drawing one of the last {LAST_FRAMES} frames of an answer of 200 kB",
        ("median, ms", "p95, ms"),
        [[f"{median(costs):.2f}", f"{costs[int(len(costs) * 0.95) - 1]:.2f}"]],
    )
    kept = ("turns", "JavaScript heap, MiB", "DOM nodes", "listeners")
    print_table(f"Memory, threads of {TURNS_A_THREAD} turns", kept, memory(tab.page))
    tab.close()
    seen = ("first piece, ms", "median of the others, ms", "p95, ms")
    print_table("From said to the owner's screen in Canvas", seen, [owners_view(browser, server)])


if __name__ == "__main__":
    compare()
