"""The whole way of an owner through Canvas, as one walk: by mouse and by keyboard alone, signed in either way."""

import json
import re
from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.canvas import SCREENS, bubble, one_time_address
from tests.e2e.provider_process import CLIENT_ID, CLIENT_SECRET, free_port, running_provider
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

SCOPES = [
    "workflows:read",
    "workflows:write",
    "workflows:publish",
    "workflows:code",
    "chatkit:session",
    "transcripts:read",
]
_HAS_FOCUS = "element => element.matches(':focus')"
_TABS_MOST = 60


class Hand(Protocol):
    """How an owner works."""

    def press(self, target: Locator) -> None:
        """Press a button or a link, tick a box."""

    def write(self, field: Locator, text: str) -> None:
        """Write into a field."""


class Mouse:
    """By pointing."""

    def press(self, target: Locator) -> None:
        """See the protocol."""
        target.click()

    def write(self, field: Locator, text: str) -> None:
        """See the protocol."""
        field.fill(text)


class Keyboard:
    """By Tab, arrows, space and enter alone."""

    def __init__(self, page: Page) -> None:
        """Type into ``page``."""
        self._page = page

    def press(self, target: Locator) -> None:
        """See the protocol."""
        expect(target).to_be_enabled()
        kind = target.get_attribute("type")
        if kind == "radio":
            self._reach(target.page.get_by_role("radio", checked=True))
            while not target.is_checked():
                self._page.keyboard.press("ArrowDown")
            return
        self._reach(target)
        self._page.keyboard.press("Space" if kind == "checkbox" else "Enter")

    def write(self, field: Locator, text: str) -> None:
        """See the protocol."""
        self._reach(field)
        self._page.keyboard.type(text)

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        for _ in range(_TABS_MOST):
            if target.evaluate(_HAS_FOCUS):
                return
            self._page.keyboard.press("Tab")
        pytest.fail(f"{target} cannot be reached by the Tab key")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with an identity provider, at which one of its people owns workflows."""
    folder, port = tmp_path_factory.mktemp("canvas-walk"), free_port()
    url = f"http://127.0.0.1:{port}"
    with running_provider(f"{url}/auth/callback") as issuer:
        owners = folder / "owners.json"
        owners.write_text(json.dumps([{"issuer": issuer, "sub": "Ada", "owner": "ada", "scopes": SCOPES}]), "utf-8")
        settings = {
            "ORCHEO_OIDC_ISSUER": issuer,
            "ORCHEO_OIDC_CLIENT_ID": CLIENT_ID,
            "ORCHEO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "ORCHEO_OWNERS": str(owners),
        }
        running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings, url=url).start()
        yield running
        running.close()


def _sign_in(tab: ChatTab, server: ServerProcess, hand: Hand, way: str) -> None:
    if way == "one-time address":
        tab.page.goto(one_time_address(server))
    else:
        tab.page.goto(f"{server.url}/canvas")
        hand.press(tab.page.get_by_role("link", name="Sign in with"))
        hand.write(tab.page.get_by_label("Name"), "Ada")
        hand.press(tab.page.get_by_role("button", name="Continue"))
    expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()


def _register(tab: ChatTab, hand: Hand, handle: str) -> None:
    page = tab.page
    hand.press(page.get_by_role("banner").get_by_role("link", name="Workflows"))
    hand.press(page.get_by_role("link", name="Register a workflow").first)
    expect(page.get_by_role("heading", name="Register a workflow", level=1)).to_be_visible()
    hand.write(page.get_by_label("Handle", exact=True), handle)
    hand.press(page.get_by_role("radio", name="Python callable"))
    hand.write(page.get_by_label("Target"), "tests.e2e.gated_workflows:held")
    hand.press(page.get_by_label("Run a probe turn first"))
    hand.press(tab.button("Register"))
    expect(page.get_by_role("heading", name=handle.capitalize(), level=1)).to_be_visible()


def _publish(tab: ChatTab, hand: Hand) -> None:
    """To the secret, which is copied, and said to be stored."""
    page = tab.page
    hand.press(tab.button("Publish"))
    dialog = page.get_by_role("dialog")
    hand.press(dialog.get_by_role("button", name="Publish"))
    secret = dialog.get_by_text(re.compile("^orc_pt_"))
    expect(secret).to_be_visible()
    hand.press(dialog.get_by_role("button", name="Copy"))
    assert page.evaluate("navigator.clipboard.readText()") == secret.inner_text()
    assert axe.faults(tab) == []
    hand.press(dialog.get_by_label("I have stored it"))
    hand.press(dialog.get_by_role("button", name="Close", exact=True))
    expect(tab.button("Unpublish")).to_be_visible()


def _switch_while_the_grant_is_renewed(tab: ChatTab, hand: Hand, name: str, other: str) -> None:
    """The late grant for the first workflow is dropped; the chat is with the second one."""
    page, held, is_first = tab.page, list[Route](), True

    def hold(route: Route) -> None:
        if is_first:
            held.append(route)
        else:
            route.continue_()

    hand.press(tab.button(f"Open the chat with {name}"))
    expect(tab.message_field).to_be_editable()
    page.route("**/chatkit/session", hold)
    with page.expect_request("**/chatkit/session"):
        page.clock.fast_forward(271_000)
    page.keyboard.press("Escape")
    expect(bubble(page)).to_be_hidden()
    is_first = False
    hand.press(page.get_by_role("banner").get_by_role("link", name="Workflows"))
    hand.press(page.get_by_role("link", name=other, exact=True))
    hand.press(tab.button(f"Open the chat with {other}"))
    expect(bubble(page).get_by_role("heading", name=other)).to_be_visible()
    for route in held:
        route.abort()
    expect(tab.message_field).to_be_editable()
    page.unroute("**/chatkit/session")
    page.keyboard.press("Escape")
    page.go_back()
    hand.press(page.get_by_role("link", name=name, exact=True))
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.mark.parametrize(
    ("how", "way", "screen", "direction"),
    [
        ("mouse", "one-time address", "desktop", "ltr"),
        ("mouse", "provider", "dark phone", "ltr"),
        ("keyboard", "one-time address", "dark", "ltr"),
        ("keyboard", "provider", "phone", "rtl"),
    ],
)
def test_the_whole_way(
    browser: Browser, server: ServerProcess, how: str, way: str, screen: str, direction: str
) -> None:
    """Sign in, register, publish, copy, chat, switch, watch a visitor live, purge, sign out."""
    first = f"walk{how}{way[:3]}{screen[:2]}"
    name, other = first.capitalize(), f"{first}two".capitalize()
    tab = ChatTab.open(browser, server.url, permissions=["clipboard-read", "clipboard-write"], **SCREENS[screen])
    visitor = ChatTab.open(browser, server.url)
    page = tab.page
    hand: Hand = Mouse() if how == "mouse" else Keyboard(page)
    page.clock.install()
    page.add_init_script(f"addEventListener('DOMContentLoaded', () => document.documentElement.dir = '{direction}')")
    _sign_in(tab, server, hand, way)
    for handle in (other.lower(), first):
        _register(tab, hand, handle)
    _publish(tab, hand)
    share_url = page.get_by_text(re.compile(f"^{server.url}/chat/")).first.inner_text()
    _switch_while_the_grant_is_renewed(tab, hand, name, other)
    hand.press(page.get_by_role("link", name="Transcripts"))
    expect(page.get_by_text("No conversations yet")).to_be_visible()
    visitor.visit(share_url)
    visitor.ask(f"{first} hello")
    expect(page.get_by_text("Answering now")).to_be_visible()
    hand.press(page.get_by_role("link", name=f"{first} hello"))
    expect(tab.answer_texts).to_have_text("before")
    assert axe.faults(tab) == []
    assert page.evaluate("[document.documentElement.dir, document.documentElement.scrollWidth <= innerWidth]") == [
        direction,
        True,
    ]
    server.gates.open(f"{first} hello")
    expect(tab.answer_texts).to_have_text("before after")
    expect_turn_over(visitor.page)
    hand.press(tab.button("Purge…"))
    hand.press(page.get_by_role("dialog").get_by_role("button", name="Purge for good"))
    expect(page.get_by_text("No conversations yet")).to_be_visible()
    hand.press(tab.button("Sign out"))
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert axe.faults(tab) == []
    for each in (tab, visitor):
        each.close()
