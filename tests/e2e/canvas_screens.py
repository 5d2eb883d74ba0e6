"""Every screen and dialog of Canvas, each with the way to it: a scene leads a tab there.

They are looked at by :mod:`tests.e2e.test_canvas_screens`, and ``python -m tools.picture FOLDER canvas`` takes pictures
of them.
"""

import re
from collections.abc import Callable

from attrs import frozen
from playwright.sync_api import Page, StorageState, expect

from tests.e2e.browser import ChatTab
from tests.e2e.canvas import bubble, one_time_address
from tests.e2e.past_turns import fill
from tests.e2e.server_process import ServerProcess

NAME = "طلبات <b>Orders</b> & co"
"""Of the workflow that most screens are about: written from right to left, with what would be markup."""
SAID = "מה שלומך <img src=x onerror=alert(1)>"
LONG = "Another\nconversation, with a title that is longer than its row is wide"
SECRET = re.compile("^orc_(pt|st)_")


@frozen(kw_only=True)
class Place:
    """A server with workflows in each state, and what a browser keeps whose owner is signed in."""

    server: ServerProcess
    signed_in: StorageState
    ref: str
    """A public workflow with conversations."""
    draft: str
    """A private one that was never used."""
    archived: str
    thread: str

    def path(self, screen: "Screen") -> str:
        """The address of a screen."""
        ids = {"ref": self.ref, "draft": self.draft, "archived": self.archived, "thread": self.thread}
        return screen.path.format(**ids)


@frozen(kw_only=True)
class Screen:
    """Its address, what is to be seen when it is there, and what opens it where an address is not enough."""

    name: str
    path: str
    shows: str
    open: Callable[[Page], None] = lambda _page: None
    is_signed_in: bool = True

    def show(self, tab: ChatTab, place: Place) -> None:
        """Lead a tab there, and wait for it."""
        tab.page.goto(place.server.url + place.path(self))
        self.open(tab.page)
        expect(tab.page.get_by_text(self.shows).first).to_be_visible()
        expect(tab.page.locator("[aria-busy=true]")).to_have_count(0)


def make_place(server: ServerProcess, new_tab: Callable[[], ChatTab]) -> Place:
    """Fill a server that runs; its turns of earlier days are written while it does not."""
    target = {"runner": "python", "target": "examples.echo:answer"}
    ref = server.operation("workflows.add", handle="orders", name=NAME, **target)["workflow"]["id"]
    draft = server.operation("workflows.add", handle="draft", name="A draft", **target)["workflow"]["id"]
    archived = server.operation("workflows.add", handle="archived", name="Put aside", **target)["workflow"]["id"]
    server.operation("workflows.archive", ref=archived)
    server.operation("workflows.publish", ref=ref)
    server.operation("workflows.rotate_publish_token", ref=ref, grace="1d")
    server.operation("workflows.edit", ref=ref, allowed_origins=["https://shop.example.org"])
    server.end()
    fill(server.data_dir, ref, days=8)
    server.start()
    asked = server.operation("workflows.ask", ref=ref, text=SAID)
    server.operation("workflows.ask", ref=ref, text=LONG)
    tab = new_tab()
    tab.page.goto(one_time_address(server))
    expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    signed_in = tab.page.context.storage_state()
    return Place(server=server, signed_in=signed_in, ref=ref, draft=draft, archived=archived, thread=asked["thread_id"])


def _press(name: str, then: str | None = None) -> Callable[[Page], None]:
    """Press a button, and one of the dialog that it opens."""

    def open_it(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()
        if then is not None:
            page.get_by_role("dialog").get_by_role("button", name=then, exact=True).click()

    return open_it


def _search(page: Page) -> None:
    page.get_by_role("searchbox").or_(page.get_by_label("Search by handle or name")).first.fill("nothing like this")


def _kind(name: str) -> Callable[[Page], None]:
    def open_it(page: Page) -> None:
        page.get_by_role("radio", name=name).check()
        page.get_by_role("button", name="Register").click()

    return open_it


def _chat(page: Page) -> None:
    page.get_by_role("button", name="Open the chat with").click()
    expect(bubble(page).get_by_label("Message", exact=True)).to_be_editable()


def _signed_out(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Not saved yet")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).click()


def _new_token(page: Page) -> None:
    page.get_by_role("button", name="Create a service token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Label").fill("To be lost")
    dialog.get_by_label("workflows:read").check()
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog.get_by_text(SECRET)).to_be_visible()
    page.keyboard.press("Escape")


def _qr(page: Page) -> None:
    page.get_by_text("QR code").first.click()


def _preview(page: Page) -> None:
    page.get_by_text("Preview on a site").click()
    expect(page.locator("canvas-site-preview orcheo-chat")).to_be_visible()


def _lost(page: Page) -> None:
    expect(page.get_by_text("A draft")).to_be_visible()
    page.route("**/api/**", lambda route: route.abort())
    page.get_by_role("link", name="Sign-ins").click()


_SCREENS = (
    Screen(name="sign-in", path="/canvas", shows="Sign in to Canvas", is_signed_in=False),
    Screen(name="workflows", path="/canvas", shows="Register a workflow"),
    Screen(name="nothing found", path="/canvas", shows="No workflow", open=_search),
    Screen(name="register", path="/canvas/register", shows="What runs it"),
    Screen(name="register with faults", path="/canvas/register", shows="another look", open=_kind("Model endpoint")),
    Screen(name="public workflow", path="/canvas/workflows/{ref}", shows="Former tokens", open=_qr),
    Screen(name="preview on a site", path="/canvas/workflows/{ref}", shows="Nothing is sent.", open=_preview),
    Screen(name="private workflow", path="/canvas/workflows/{draft}", shows="Publish"),
    Screen(name="archived workflow", path="/canvas/workflows/{archived}", shows="archived"),
    Screen(name="edit", path="/canvas/workflows/{ref}/edit", shows="What runs it"),
    Screen(name="look", path="/canvas/workflows/{ref}/look", shows="Above an empty chat."),
    Screen(name="transcripts", path="/canvas/workflows/{ref}/threads", shows="Another"),
    Screen(name="no transcripts", path="/canvas/workflows/{draft}/threads", shows="No conversations yet"),
    Screen(name="transcript", path="/canvas/workflows/{ref}/threads/{thread}", shows="You are reading what was said."),
    Screen(name="usage", path="/canvas/workflows/{ref}/usage", shows="Show the numbers"),
    Screen(name="no usage", path="/canvas/workflows/{draft}/usage", shows="Period"),
    Screen(name="audit", path="/canvas/audit", shows="by http"),
    Screen(name="service tokens", path="/canvas/tokens", shows="local owner token"),
    Screen(name="sign-ins", path="/canvas/sessions", shows="This one"),
    Screen(name="nowhere", path="/canvas/nowhere", shows="There is nothing at this address"),
    Screen(name="removed workflow", path="/canvas/workflows/wf_0", shows="This workflow is no longer there"),
    Screen(name="lost connection", path="/canvas", shows="could not be reached", open=_lost),
    Screen(name="publish", path="/canvas/workflows/{draft}", shows="Publish draft?", open=_press("Publish")),
    Screen(name="new token", path="/canvas/workflows/{ref}", shows="Grace period", open=_press("Replace the token")),
    Screen(name="unpublish", path="/canvas/workflows/{ref}", shows="Unpublish orders?", open=_press("Unpublish")),
    Screen(name="remove", path="/canvas/workflows/{ref}", shows="Type orders to confirm", open=_press("Remove")),
    Screen(name="purge", path="/canvas/workflows/{ref}/threads", shows="Purge for good", open=_press("Purge…")),
    Screen(name="create a token", path="/canvas/tokens", shows="Scopes", open=_press("Create a service token")),
    Screen(name="secret", path="/canvas/tokens", shows="You have not said that you stored it", open=_new_token),
    Screen(name="signed out", path="/canvas/workflows/{draft}/edit", shows="Sign in again", open=_signed_out),
    Screen(name="chat", path="/canvas/workflows/{ref}", shows="Answers appear here", open=_chat),
)
CANVAS_SCREENS = {each.name: each for each in _SCREENS}
