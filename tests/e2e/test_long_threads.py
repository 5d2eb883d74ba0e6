"""Threads of 10,000 items and answers of 50 kB, against a server that is part of the page."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
from tests.e2e.long_page import open_long_page
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

FRAME_MS = 1000 / 60
MIDDLE = "() => { const all = long.costs.toSorted((a, b) => a - b); return [all[all.length >> 1], all.length]; }"


@pytest.fixture
def tab(browser: Browser, shared_server: ServerProcess) -> ChatTab:
    """A page with the element, and with a server of its own."""
    return open_long_page(browser, shared_server.url)


def test_an_answer_of_50_kb_grows_within_its_frames(tab: ChatTab) -> None:
    """At 100 pieces a second; drawing it costs much less than a frame has."""
    tab.page.evaluate("() => long.open('thr_new')")
    tab.page.evaluate("() => long.answer(300, 84, 8)")
    cost, drawings = tab.page.evaluate(MIDDLE)
    assert drawings > 20
    assert cost < FRAME_MS / 2
    tab.assert_well_behaved()
    tab.close()


def test_a_thread_of_10000_items_is_smooth(tab: ChatTab) -> None:
    """It opens at its end, comes page by page, and an answer costs less than a frame."""
    tab.page.evaluate("() => long.open('thr_long')")
    seen: dict[str, Any] = tab.page.evaluate(
        """async () => {
          const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
          // The one that is there now: while a thread is read, another drawing stands in its place.
          const articles = () => [...(long.scroller()?.querySelectorAll("article") ?? [])];
          while (articles().length === 0) await frame();
          await frame();
          const scroller = long.scroller();
          const atEnd = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
          for (let page = 1; page < 7; page += 1) {
            scroller.querySelector(".earlier").click();
            while (articles().length === 50 * page) await frame();
          }
          return {atEnd, items: articles().length};
        }"""
    )
    assert seen["items"] == 350
    assert seen["atEnd"] < 64
    tab.page.evaluate("() => long.answer(60, 84, 8)")
    cost, _ = tab.page.evaluate(MIDDLE)
    assert cost < 2 * FRAME_MS
    tab.assert_well_behaved()
    tab.close()


READING = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const drawn = async () => { for (let at = 0; at < 4; at += 1) await frame(); };
  const articles = () => [...(long.scroller()?.querySelectorAll("article") ?? [])];
  while (articles().length === 0) await frame();
  const scroller = long.scroller(), moved = [], top = (element) => element.getBoundingClientRect().top;
  const read = () => articles().find((each) => each.getBoundingClientRect().bottom > top(scroller) + 8);
  const reads = async (act, distance) => {
    const shown = read(), was = top(shown);
    await act();
    await drawn();
    moved.push(Math.abs(top(shown) - was - distance));
  };
  for (const place of [600, 60, 200, 600, 60, 200, 600]) {
    scroller.scrollTop = place;
    await drawn();
    const before = articles().length;
    await reads(async () => {
      scroller.querySelector(".earlier").click();
      while (articles().length === before) await frame();
    }, 0);
  }
  for (let step = 0; step < 30; step += 1) await reads(() => scroller.scrollBy(0, 300), -300);
  scroller.scrollTop = scroller.scrollHeight / 2;
  await drawn();
  for (let step = 0; step < 20; step += 1) await reads(() => scroller.scrollBy(0, -300), 300);
  return Math.max(...moved);
}"""
LEFT_OUT = """() => [...long.scroller().querySelectorAll("article")]
  .filter((each) => !each.firstElementChild.checkVisibility({contentVisibilityAuto: true})).length"""


def test_what_is_out_of_sight_is_not_laid_out_and_the_reader_stays(tab: ChatTab) -> None:
    """Neither earlier pages nor heights that were guessed move what is read; all of it gets focus and is printed."""
    page, articles = tab.page, tab.page.locator("article")
    page.evaluate("() => long.open('thr_long')")
    expect(articles).to_have_count(50)
    assert page.evaluate(LEFT_OUT) == 0
    assert page.evaluate(READING) < 2
    assert page.evaluate(LEFT_OUT) > 100
    tab.button("Jump to latest").click()
    expect(articles.last).to_be_in_viewport()
    early = articles.filter(has_text="9700?")
    early.focus()
    expect(early.locator("p")).to_be_in_viewport()
    page.emulate_media(media="print")
    page.wait_for_function(f"({LEFT_OUT})() === 0")
    tab.assert_well_behaved()
    tab.close()


def test_turns_leave_nothing_behind(tab: ChatTab) -> None:
    """Of threads that are no longer open neither elements nor listeners stay in memory."""
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable")

    def kept() -> tuple[float, float]:
        session.send("HeapProfiler.collectGarbage")
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return found["Nodes"], found["JSEventListeners"]

    counts = []
    for _ in range(3):
        for _ in range(5):
            tab.page.evaluate("() => long.open(null)")
            for _ in range(3):
                tab.page.evaluate("() => long.answer(3, 84, 0)")
        counts.append(kept())
    # Between the first count and the last there are thirty answers of some thirty elements each. What Chromium has not
    # let go of at a moment differs by a hundred.
    assert counts[2][0] <= counts[0][0] + 200
    assert counts[2][1] <= counts[0][1] + 8
    tab.assert_well_behaved()
    tab.close()
