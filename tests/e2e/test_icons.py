"""Icons: none in the first load, each fetched from the chat's own server once it is drawn."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.browser import ChatTab
from tests.e2e.foreign_site import serve
from tests.e2e.server_process import ROOT, Gates, ServerProcess, eventually

pytestmark = pytest.mark.browser

TYPES = ROOT / "web" / "node_modules" / "@openai" / "chatkit" / "types"
LUCIDE = ("lucide:anchor", "lucide:copy", "lucide:trash-2", "lucide:zap")
ICON = r"/assets/(kit|lucide)-[\d.]+-([a-z0-9-]+)\.svg$"
DRAWN = {"close", "history", "reload"}
"""Part of the element: what every chat shows, and what is needed where the network is lost."""
PAGE = """<!doctype html><meta charset="utf-8"><title>Icons</title>
<openai-chatkit id="chat" style="display: block; block-size: 600px"></openai-chatkit>
<script src="{server}/chatkit.js"></script>
<script>
  const ready = customElements.whenDefined("openai-chatkit");
  const show = async (icons) => {{
    await ready;
    const prompts = icons.map((icon) => ({{label: icon, prompt: icon, icon}}));
    chat.setOptions({{api: {{url: "{server}/api/chatkit", domainKey: "x"}}, startScreen: {{prompts}}}});
  }};
</script>"""
IS_PICTURE = """async (address) => {
  const picture = Object.assign(new Image(), {crossOrigin: "anonymous"});
  picture.src = address;
  await picture.decode();
  return picture.naturalWidth > 0;
}"""


def names_of_chatkit() -> set[str]:
    """All names that ChatKit's types give to icons."""
    text = "".join(each.read_text("utf-8") for each in TYPES.glob("*.d.ts"))
    unions = re.findall(r"export type (?:ChatKit|Header|Widget)Icon =([^;]+);", text)
    assert len(unions) == 3
    return {name for union in unions for name in re.findall(r"'([^']+)'", union)}


def icons_of(page: Page) -> list[Request]:
    """The requests for icons from now on."""
    requests: list[Request] = []

    def heard(request: Request) -> None:
        if re.search(ICON, request.url):
            requests.append(request)

    page.on("request", heard)
    return requests


def names(requests: Iterable[Request]) -> Counter[str]:
    """The icons by their names, and how often each was asked for."""
    found = [re.search(ICON, each.url) for each in requests]
    return Counter(f"{'lucide:' if kind == 'lucide' else ''}{name}" for kind, name in (m.groups() for m in found if m))


def expect_icons(page: Page, number: int) -> None:
    """Wait until as many have been fetched, and all that is to be drawn was drawn."""
    fetched = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('.svg')).length"
    eventually(lambda: page.evaluate(fetched) >= number, f"{number} icons are fetched")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def test_the_first_load_fetches_no_icon(shared_server: ServerProcess, new_tab: Callable[..., ChatTab]) -> None:
    """The first answer brings those of its buttons; History opens and closes without any."""
    published = shared_server.publish("icons", "examples.echo:answer")
    tab = new_tab()
    requests = icons_of(tab.page)
    tab.visit(published["share_url"])
    tab.page.wait_for_load_state("networkidle")
    assert names(requests) == Counter()
    tab.button("History").click()
    expect(tab.page.get_by_text("There are no chats yet.")).to_be_visible()
    tab.button("Back to the chat").click()
    expect_icons(tab.page, 0)
    assert names(requests) == Counter()
    tab.ask("Hello")
    tab.expect_answer(number=0)
    expect(tab.button("Good answer")).to_be_visible()
    expected = Counter(("lucide:copy", "lucide:thumbs-up", "lucide:thumbs-down", "lucide:pencil"))
    # By the requests: the page's own list of resources leaves one out at times.
    eventually(lambda: tab.page.evaluate("true") and names(requests) >= expected, "the icons are asked for")
    assert names(requests) == expected


@pytest.fixture
def page_elsewhere(browser: Browser, tmp_path: Path) -> Iterator[ChatTab]:
    """A page of another site that the chat's server allows, with the element on it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with serve(folder) as site:
        settings = {"ORCHEO_ALLOWED_ORIGINS": site.url}
        server = ServerProcess(data_dir=tmp_path / "data", gates=Gates(tmp_path), settings=settings).start()
        (folder / "index.html").write_text(PAGE.format(server=server.url), "utf-8")
        tab = ChatTab.open(browser, server.url)
        tab.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        tab.page.goto(site.url)
        yield tab
        tab.close()
        server.close()
        tab.assert_well_behaved(site.url)


def test_each_icon_is_fetched_once_when_it_is_drawn(page_elsewhere: ChatTab) -> None:
    """Every name of ChatKit's and some of Lucide's: from the chat's own server, and each answer is a picture."""
    tab, page = page_elsewhere, page_elsewhere.page
    wanted = [*sorted(names_of_chatkit()), *LUCIDE]
    assert len(wanted) > 60
    requests = icons_of(page)
    page.evaluate("show([])")
    expect(tab.message_field).to_be_editable()
    page.wait_for_load_state("networkidle")
    assert names(requests) == Counter()
    page.evaluate("show", wanted)
    expect(page.locator(".prompts button")).to_have_count(len(wanted))
    expect_icons(page, len(set(wanted) - DRAWN))
    assert names(requests) == Counter(set(wanted) - DRAWN)
    assert {each.url.partition("/assets/")[0] for each in requests} == {tab.origin}
    answers = [answer for answer in (each.response() for each in requests) if answer is not None]
    assert {(each.status, each.headers["content-type"]) for each in answers} == {(200, "image/svg+xml")}
    assert [each.url for each in answers if not page.evaluate(IS_PICTURE, each.url)] == []
