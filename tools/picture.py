"""Take the picture of the chat page that the README shows: the real server, the docs assistant, a real Chromium.

Usage: ``python -m tools.picture``. ``python -m tools.picture FOLDER`` takes pictures of several states, sizes and
colours into FOLDER instead, for looking at them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browser import FLAGS, ChatTab, find_chromium
from tests.e2e.server_process import ROOT, Gates, ServerProcess

PICTURE = ROOT / "docs" / "images" / "chat-page.png"
QUESTION = "What happens when I rotate a publish token?"
SIZES = {"wide": (1280, 800), "narrow": (360, 740)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HELD = "tests.e2e.gated_workflows:held"
FAILING = "tests.e2e.gated_workflows:fails_until_open"
EVERYTHING = "tests.e2e.gated_workflows:everything"


def main() -> None:
    """Take the pictures and name them."""
    with _server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        if len(sys.argv) > 1:
            _take_all(browser, server, Path(sys.argv[1]))
        else:
            _answered(browser, server, PICTURE)
        browser.close()


@contextmanager
def _server() -> Iterator[ServerProcess]:
    with TemporaryDirectory(prefix="orcheo-picture-") as folder:
        server = ServerProcess(data_dir=Path(folder, "data"), gates=Gates(Path(folder)))
        try:
            yield server.start()
        finally:
            server.close()


def _answered(browser: Browser, server: ServerProcess, picture: Path, **profile: Any) -> None:
    published = server.publish("docs-assistant", "examples.docs_assistant:answer", name="Docs assistant")
    tab = _tab(browser, server, published, **profile)
    tab.ask(QUESTION)
    tab.expect_answer(number=0)
    _take(tab, picture)


def _take_all(browser: Browser, server: ServerProcess, folder: Path) -> None:
    targets = {"docs": "examples.docs_assistant:answer", "held": HELD, "failing": FAILING, "everything": EVERYTHING}
    published = {each: server.publish(each, target) for each, target in targets.items()}
    for scheme in SCHEMES:
        for size, (width, height) in SIZES.items():
            look: Any = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
            for name, chat in published.items():
                tab = _tab(browser, server, chat, **look)
                if name == "docs":
                    _take(tab, folder / f"empty-{size}-{scheme}.png")
                tab.ask(QUESTION)
                _wait_for(tab, name)
                _take(tab, folder / f"{name}-{size}-{scheme}.png")
            tab.page.goto(f"{server.url}/chat/nobody")
            tab.page.get_by_role("alert").wait_for()
            _take(tab, folder / f"closed-{size}-{scheme}.png")


def _wait_for(tab: ChatTab, name: str) -> None:
    if name == "held":
        tab.answer_texts.get_by_text("before").wait_for()
    elif name == "failing":
        tab.button("Retry").wait_for()
    else:
        tab.expect_answer(number=0)


def _tab(browser: Browser, server: ServerProcess, published: dict[str, Any], **profile: Any) -> ChatTab:
    look = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **profile}
    return ChatTab.open(browser, server.url, **look).visit(published["share_url"])


def _take(tab: ChatTab, picture: Path) -> None:
    picture.parent.mkdir(parents=True, exist_ok=True)
    tab.page.screenshot(path=picture, caret="hide")
    print(picture, f"{picture.stat().st_size} bytes")


if __name__ == "__main__":
    main()
