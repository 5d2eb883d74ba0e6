"""Canvas when things go wrong: lost connections, workflows that are gone, the back button, several owners."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import ChatTab
from tests.e2e.canvas import registered
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser
NewTab = Callable[..., ChatTab]
LOST = "The server could not be reached"


def _nothing(_page: Page) -> None:
    """The dialog needs nothing more."""


def _retype(page: Page) -> None:
    page.get_by_role("dialog").get_by_label("to confirm").fill("in-trouble")


def _everything(page: Page) -> None:
    page.get_by_role("dialog").get_by_label("All conversations").check()


def _token(page: Page) -> None:
    page.get_by_role("dialog").get_by_label("Label").fill("For a robot")
    page.get_by_role("dialog").get_by_label("workflows:read").check()


_PUBLIC, _PRIVATE = "/canvas/workflows/in-trouble", "/canvas/workflows/out-of-sight"
DIALOGS: dict[str, tuple[str, str, str, Callable[[Page], None]]] = {
    "publish": (_PRIVATE, "Publish", "Publish", _nothing),
    "unpublish": (_PUBLIC, "Unpublish", "Unpublish", _nothing),
    "new token": (_PUBLIC, "Replace the token", "Replace the token", _nothing),
    "remove": (_PUBLIC, "Remove", "Remove", _retype),
    "archive": (_PUBLIC, "Archive", "Archive", _nothing),
    "purge": (f"{_PUBLIC}/threads", "Purge…", "Purge for good", _everything),
    "service token": ("/canvas/tokens", "Create a service token", "Create", _token),
    "revoke": ("/canvas/tokens", "Revoke", "Revoke", _nothing),
}
"""Where it is, what opens it, what carries it out, and what is said before."""


def _quiet(tab: ChatTab) -> None:
    tab.complaints[:] = [each for each in tab.complaints if not each.startswith("Failed to load resource")]


@pytest.fixture(scope="module")
def ref(shared_server: ServerProcess) -> str:
    """A public workflow."""
    made = registered(shared_server, "in-trouble")
    shared_server.operation("workflows.publish", ref=made)
    shared_server.operation("workflows.ask", ref=made, text="Still here")
    registered(shared_server, "out-of-sight")
    shared_server.operation("tokens.create", scopes=["workflows:read"], label="to be revoked")
    return made


@pytest.mark.parametrize("name", DIALOGS)
@pytest.mark.usefixtures("ref")
def test_lost_connection_in_a_dialog_loses_nothing(open_canvas: NewTab, name: str) -> None:
    """It says so, keeps what was chosen, and can be carried out once the server is back."""
    where, opens, confirms, prepare = DIALOGS[name]
    tab = open_canvas(where)
    page, dialog = tab.page, tab.page.get_by_role("dialog")
    tab.button(opens).first.click()
    prepare(page)
    confirm = dialog.get_by_role("button", name=confirms, exact=True)
    expect(confirm).to_be_enabled()
    page.route("**/api/**", lambda route: route.abort())
    confirm.click()
    expect(dialog.get_by_text(LOST)).to_be_visible()
    if name == "service token":
        expect(dialog.get_by_label("Label")).to_have_value("For a robot")
    page.unroute("**/api/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(dialog.get_by_text(LOST)).to_be_hidden()
    expect(confirm).to_be_enabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    _quiet(tab)


def test_workflow_that_is_removed_under_its_open_page(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """What is asked for then says so; what was typed stays."""
    gone = registered(shared_server, "gone-meanwhile")
    tab = open_canvas(f"/canvas/workflows/{gone}/edit")
    beside = tab.beside()
    beside.page.goto(f"{tab.origin}/canvas/workflows/{gone}")
    expect(beside.button("Publish")).to_be_visible()
    tab.page.get_by_label("Name", exact=True).fill("Typed in vain")
    shared_server.operation("workflows.remove", ref=gone)
    tab.button("Save").click()
    expect(tab.page.get_by_role("alert").get_by_text(re.compile("no longer there|no workflow"))).to_be_visible()
    expect(tab.page.get_by_label("Name", exact=True)).to_have_value("Typed in vain")
    beside.button("Publish").click()
    dialog = beside.page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("no longer there|no workflow"))).to_be_visible()
    for each in (tab, beside):
        _quiet(each)


def test_back_button_leads_through_all_views(open_canvas: NewTab, ref: str) -> None:
    """Each step of the way in is a step of the way back, and a dialog that is open does not stay over another view."""
    tab = open_canvas()
    page = tab.page
    page.get_by_role("link", name="In trouble").click()
    for link in ("Transcripts", "Usage", "Settings", "Look"):
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("link", name=link, exact=True)).to_have_attribute("aria-current", "page")
    for link in ("Audit trail", "Service tokens", "Sign-ins"):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=link, level=1)).to_be_visible()
    for heading in ("Service tokens", "Audit trail", "In trouble"):
        page.go_back()
        expect(page.get_by_role("heading", name=heading, level=1).first).to_be_visible()
    for link in ("Settings", "Usage", "Transcripts", "Overview"):
        page.go_back()
        expect(page.get_by_role("link", name=link, exact=True)).to_have_attribute("aria-current", "page")
    tab.button("Unpublish").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_secret_that_was_not_stored_is_not_shown_again(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """The dialog asks first; afterwards there is its beginning, and the offer to replace it."""
    lost = registered(shared_server, "lost-secret")
    tab = open_canvas(f"/canvas/workflows/{lost}")
    page, dialog = tab.page, tab.page.get_by_role("dialog")
    tab.button("Publish").click()
    dialog.get_by_role("button", name="Publish").click()
    token = dialog.get_by_text(re.compile("^orc_pt_")).inner_text()
    dialog.get_by_role("button", name="Close", exact=True).click()
    dialog.get_by_role("button", name="Close without storing it").click()
    expect(tab.button("Replace the token")).to_be_visible()
    page.reload()
    expect(tab.button("Replace the token")).to_be_visible()
    assert token not in page.content()
    assert token not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_nothing_of_canvas_comes_from_elsewhere(open_canvas: NewTab, ref: str) -> None:
    """No request to another origin, chat and preview included; each other test of Canvas holds its tabs to this too."""
    tab = open_canvas(f"/canvas/workflows/{ref}")
    tab.button("Open the chat with In trouble").click()
    expect(tab.message_field).to_be_editable()
    for link in ("Look", "Usage", "Transcripts"):
        tab.page.goto(f"{tab.origin}/canvas/workflows/{ref}/{'threads' if link == 'Transcripts' else link.lower()}")
        expect(tab.page.get_by_role("link", name=link, exact=True)).to_have_attribute("aria-current", "page")
    assert tab.foreign_requests == []


MARKUP = "<img src=x onerror=alert(1)> עברית"
ISOLATED = """(each) => {
  for (let at = each; at; at = at.parentElement ?? at.getRootNode().host)
    if (at.matches("bdi, [dir=auto], .spoken-only") || getComputedStyle(at).unicodeBidi === "plaintext") return "";
  return each.outerHTML;
}"""


@pytest.fixture(scope="module")
def cells(shared_server: ServerProcess) -> dict[str, str]:
    """Where texts of strangers and owners are shown: the address of each cell."""
    made = registered(shared_server, "with-markup", name=MARKUP, description=MARKUP)
    shared_server.operation("workflows.publish", ref=made)
    asked = shared_server.operation("workflows.ask", ref=made, text=f"\u202e{MARKUP}")
    shared_server.operation("tokens.create", scopes=["workflows:read"], label=MARKUP)
    page = f"/canvas/workflows/{made}"
    return {
        "list": "/canvas",
        "workflow": page,
        "conversations": f"{page}/threads",
        "conversation": f"{page}/threads/{asked['thread_id']}",
        "tokens": "/canvas/tokens",
    }


@pytest.mark.parametrize("cell", ["list", "workflow", "conversations", "conversation", "tokens"])
def test_text_of_others_is_text_wherever_it_is_shown(open_canvas: NewTab, cells: dict[str, str], cell: str) -> None:
    """Markup is not read as such, and a mark that turns the direction of writing turns nothing around it."""
    tab = open_canvas(cells[cell])
    shown = tab.page.get_by_text(MARKUP)
    expect(shown.first).to_be_visible()
    assert [found for each in shown.all() if (found := each.evaluate(ISOLATED))] == []
    expect(tab.page.locator("img[src='x']")).to_have_count(0)


def test_operator_sees_what_pages_report(tmp_path: Path, browser: Browser) -> None:
    """Only counts: a chat page that was opened, got its first answer and was left."""
    settings = {"ORCHEO_TELEMETRY": "on"}
    server = ServerProcess(data_dir=tmp_path / "data", gates=Gates(tmp_path), settings=settings).start()
    try:
        tab = ChatTab.open(browser, server.url).visit(server.publish("echo", "examples.echo:answer")["share_url"])
        with tab.page.expect_request("**/api/telemetry", timeout=30_000):
            tab.ask("Hello")
        tab.expect_answer(number=0)
        tab.page.goto("about:blank")
        for _ in range(100):
            counts = server.operation("server.telemetry")["page_counts"]
            if len(counts) == 3:
                break
            time.sleep(0.05)
        tab.close()
        assert {(each["place"], each["event"], each["times"]) for each in counts} == {
            ("page", "open", 1),
            ("page", "answer", 1),
            ("page", "close", 1),
        }
    finally:
        server.close()
