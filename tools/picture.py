"""Take the pictures of the chat that the docs show: the real server, the docs assistant, a real Chromium.

Usage: ``python -m tools.picture``. ``python -m tools.picture FOLDER [SCENE …]`` takes pictures of every state of
:mod:`tests.e2e.screens` in both schemes and widths into FOLDER instead, for looking at them; the scene ``canvas`` is
all screens of :mod:`tests.e2e.canvas_screens`.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browser import FLAGS, ChatTab, find_chromium
from tests.e2e.canvas_screens import CANVAS_SCREENS, make_place
from tests.e2e.past_turns import fill
from tests.e2e.screens import SCENES
from tests.e2e.server_process import ROOT, Gates, ServerProcess

IMAGES = ROOT / "docs" / "images"
DAYS = 30
"""Of which the usage is in a picture."""
QUESTION = "What happens when I rotate a publish token?"
WIDE: Any = {"width": 1280, "height": 800}
NARROW: Any = {"width": 360, "height": 740}
SIZES = {"wide": WIDE, "narrow": NARROW}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHOP = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A site</title>
<style>
  body { margin: 0; background: #f6f4ef; color: #2b2a27; font: 1rem/1.6 system-ui, sans-serif }
  header { padding: 1.1rem 2rem; background: #fff; font-weight: 600; letter-spacing: .02em }
  main { max-width: 30rem; padding: 2.5rem 2rem }
  h1 { margin: 0 0 1rem; font-size: 2rem; line-height: 1.2 }
</style>
<header>Tea &amp; Kettle</header>
<main><h1>Leaves from small gardens</h1><p>Picked by hand in spring, dried slowly, packed on the day you order.</p>
<p>Not sure how to brew it? Ask in the corner.</p></main>
<script src="/embed.js" data-workflow="bubble"></script>"""


def main() -> None:
    """Take the pictures and name them."""
    with _server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        if len(sys.argv) > 1:
            folder, wanted = Path(sys.argv[1]), set(sys.argv[2:])
            _take_all(browser, server, folder, wanted)
            if not wanted or "canvas" in wanted:
                _take_all_of_canvas(browser, server, folder)
        else:
            _take_for_docs(browser, server)
        browser.close()


@contextmanager
def _server() -> Iterator[ServerProcess]:
    with TemporaryDirectory(prefix="orcheo-picture-") as folder:
        settings = {"ORCHEO_LIMITS": "off", "ORCHEO_CONTACT": "ops@example.org"}
        server = ServerProcess(data_dir=Path(folder, "data"), gates=Gates(Path(folder)), settings=settings)
        try:
            yield server.start()
        finally:
            server.close()


def _take_for_docs(browser: Browser, server: ServerProcess) -> None:
    published = server.publish("docs-assistant", "examples.docs_assistant:answer", name="Docs assistant")
    for name, size in (("chat-page", WIDE), ("chat-page-narrow", NARROW)):
        tab = _tab(browser, server, size).visit(published["share_url"])
        tab.ask(QUESTION)
        tab.expect_answer(number=0)
        expect(tab.button("Good answer")).to_be_visible()
        _take(tab.page, IMAGES / f"{name}.png")
    _take_canvas(browser, server, published)
    server.publish("bubble", "tools.picture:brew", name="Tea & Kettle")
    server.operation("workflows.edit", ref="bubble", allowed_origins=[server.url])
    tab = _tab(browser, server, {"width": 1000, "height": 640})
    tab.page.route("**/shop", lambda route: route.fulfill(body=SHOP, content_type="text/html"))
    tab.page.goto(f"{server.url}/shop")
    tab.page.locator(".button").click()
    chat = tab.page.frame_locator("iframe")
    chat.get_by_label("Message", exact=True).fill("How hot for green tea?")
    chat.get_by_role("button", name="Send", exact=True).click()
    expect(chat.get_by_role("button", name="Good answer")).to_be_visible()
    _take(tab.page, IMAGES / "bubble.png")


def _take_canvas(browser: Browser, server: ServerProcess, published: dict[str, Any]) -> None:
    """The page of a workflow with the open bubble, and its usage."""
    server.end()
    fill(server.data_dir, published["workflow"]["id"], days=DAYS)
    server.start()
    for text in ("How do I write a workflow?", "What does a check do?"):
        server.operation("workflows.ask", ref="docs-assistant", text=text)
    tab = _tab(browser, server, WIDE)
    tab.page.goto(server.operation("canvas.open")["address"])
    tab.page.get_by_role("link", name="Docs assistant").click()
    expect(tab.page.get_by_text(published["share_url"], exact=True)).to_be_visible()
    tab.button("Open the chat with Docs assistant").click()
    tab.ask(QUESTION)
    tab.expect_answer(number=0)
    _take(tab.page, IMAGES / "canvas.png")
    tab = _tab(browser, server, WIDE)
    tab.page.goto(server.operation("canvas.open")["address"])
    expect(tab.page.get_by_role("img", name=f"turns in {DAYS} days")).to_have_count(1)
    tab.page.get_by_role("link", name="Docs assistant").click()
    tab.page.get_by_role("link", name="Usage").click()
    expect(tab.page.get_by_role("img", name="Turns by day")).to_be_visible()
    _take(tab.page, IMAGES / "canvas-usage.png")


def brew(_text: str) -> str:
    """The answer in the picture of the bubble."""
    return """**70 to 80 °C**, for two minutes.

1. Let the kettle stand open for five minutes after it has boiled.
2. Take two grams of leaves for a cup.
3. Pour, wait, and take the leaves out."""


def _take_all(browser: Browser, server: ServerProcess, folder: Path, wanted: set[str]) -> None:
    for scene in SCENES:
        if wanted and scene.__name__ not in wanted:
            continue
        tab = _tab(browser, server, WIDE)
        for state in scene(tab, server):
            for scheme in SCHEMES:
                tab.page.emulate_media(color_scheme=scheme)
                for size, viewport in SIZES.items():
                    tab.page.set_viewport_size(viewport)
                    name = re.sub("[^a-z]+", "-", f"{scene.__name__} {state}")
                    _take(tab.page, folder / f"{name}-{size}-{scheme}.png")
            tab.page.emulate_media(color_scheme="light")
            tab.page.set_viewport_size(WIDE)
        tab.close()


def _take_all_of_canvas(browser: Browser, server: ServerProcess, folder: Path) -> None:
    place = make_place(server, lambda: _tab(browser, server, WIDE))
    for screen in CANVAS_SCREENS.values():
        for size, viewport in SIZES.items():
            known = {"storage_state": place.signed_in} if screen.is_signed_in else {}
            tab = ChatTab.open(browser, server.url, viewport=viewport, reduced_motion="reduce", **known)
            screen.show(tab, place)
            for scheme in SCHEMES:
                tab.page.emulate_media(color_scheme=scheme)
                _take(tab.page, folder / f"canvas-{screen.name.replace(' ', '-')}-{size}-{scheme}.png")
            tab.close()


def _tab(browser: Browser, server: ServerProcess, viewport: Any) -> ChatTab:
    return ChatTab.open(browser, server.url, viewport=viewport, reduced_motion="reduce")


def _take(page: Page, picture: Path) -> None:
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture, caret="hide")
    print(picture, f"{picture.stat().st_size} bytes")


if __name__ == "__main__":
    main()
