"""Bubbles on pages of other sites, in a real browser that keeps the cookies of other sites away."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.docs.pages import code_blocks
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.foreign_site import Site, serve
from tests.e2e.server_process import ROOT, Gates, ServerProcess
from tests.identities import signed

pytestmark = pytest.mark.browser

CSP = "default-src 'none'; script-src {server}; frame-src {server}; require-trusted-types-for 'script'"
"""The strictest policy of a page with a bubble: the two lines of the how-to, and nothing else."""
HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>'
PAGE = f'<!doctype html><html lang="en"{{html}}>{HEAD}<body><h1>Shop</h1><input aria-label="Search">{{scripts}}'
SCRIPT = '<script src="{server}/embed.js" data-workflow="{workflow}"{more}></script>'
NO_COOKIES = {
    "enableThirdPartyCookieRestriction": True,
    "disableThirdPartyCookieMetadata": True,
    "disableThirdPartyCookieHeuristics": True,
}


@define(kw_only=True, slots=False)
class Shop:
    """The other site in a tab, and the bubble on it."""

    tab: ChatTab
    site: Site
    server: ServerProcess

    @property
    def page(self) -> Page:
        """The page of the other site."""
        return self.tab.page

    @property
    def button(self) -> Locator:
        """What opens and closes the chat."""
        return self.page.locator(".button")

    @property
    def chat(self) -> FrameLocator:
        """The chat in its frame."""
        return self.page.frame_locator("iframe")

    @property
    def answers(self) -> Locator:
        """What the workflow said."""
        return self.chat.locator(".answer .prose")

    def ask(self, text: str) -> None:
        """Say something in the open chat, and wait for the answer and the end of the turn."""
        before = self.answers.count()
        self.chat.get_by_label("Message", exact=True).fill(text)
        self.chat.get_by_role("button", name="Send", exact=True).click()
        expect(self.answers.nth(before)).to_have_text(f"You said: {text}")
        expect_turn_over(self.chat)

    def call(self, script: str) -> Any:
        """What a script of the page's own would do; ``bubble`` is its first bubble."""
        return self.page.evaluate(f"() => {{ const bubble = Orcheo.bubbles()[0]; return {script}; }}")

    def listen(self) -> None:
        """Keep the events of the first bubble in ``told``."""
        self.page.evaluate(
            "() => { window.told = []; for (const name of ['ready', 'open', 'close', 'unread', 'identified', 'error'])"
            " Orcheo.bubbles()[0].on(name, (detail) => told.push(detail ? [name, detail.code] : [name])); }"
        )

    def wait_for(self, event: str) -> None:
        """Until the bubble has told of this event."""
        self.page.wait_for_function("(name) => told.some((each) => each[0] === name)", arg=event)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the trial sign-in, on which no other origin is allowed as a whole."""
    folder = tmp_path_factory.mktemp("bubble-server")
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings={"ORCHEO_DEV_LOGIN": "on"}).start()
    running.publish("echo", "examples.echo:answer")
    running.publish("slow", "tests.e2e.gated_workflows:held")
    running.operation("workflows.add", handle="members", runner="python", target="examples.echo:answer")
    running.operation("workflows.publish", ref="members", require_login=True)
    yield running
    running.close()


@pytest.fixture(scope="module")
def site(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Another site, which every workflow allows."""
    with serve(tmp_path_factory.mktemp("bubble-site")) as running:
        running.headers["content-security-policy"] = CSP.format(server=server.url)
        for ref in ("echo", "slow", "members"):
            server.operation("workflows.edit", ref=ref, allowed_origins=[running.url])
        yield running


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(browser: Browser, server: ServerProcess, site: Site) -> Iterator[OpenShop]:
    """Opens a page of the site with bubbles on it; at the end, nothing else may have been asked or complained of."""
    shops: list[Shop] = []

    def make(*workflows: str, more: str = "", html: str = "", **profile: Any) -> Shop:
        scripts = "".join(SCRIPT.format(server=server.url, workflow=each, more=more) for each in workflows)
        (site.folder / "index.html").write_text(PAGE.format(html=html, scripts=scripts), "utf-8")
        tab = ChatTab.open(browser, server.url, **profile)
        devtools = tab.page.context.new_cdp_session(tab.page)
        devtools.send("Network.enable")
        devtools.send("Network.setCookieControls", NO_COOKIES)
        tab.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        tab.page.goto(site.url)
        shops.append(Shop(tab=tab, site=site, server=server))
        return shops[-1]

    yield make
    for each in shops:
        each.tab.close()
        assert [text for text in each.tab.complaints if "status of 401" not in text] == []
        assert {url.rpartition("/")[0] for url in each.tab.foreign_requests} <= {site.url}


def test_a_visitor_chats_on_another_site_and_finds_the_thread_again(open_shop: OpenShop) -> None:
    """Although no cookie of another site is kept, and under the strictest policy of the page."""
    shop = open_shop("echo")
    assert shop.page.frames == [shop.page.main_frame]
    shop.button.click()
    shop.ask("Hello")
    kept = shop.page.frames[1].evaluate(
        "() => { document.cookie = 'a=b; SameSite=None; Secure'; return document.cookie }"
    )
    assert kept == ""
    shop.page.reload()
    shop.button.click()
    expect(shop.answers).to_have_text(["You said: Hello"])


@pytest.mark.parametrize(
    ("locale", "said", "way"),
    [
        ("en", "The chat cannot be shown on this page.", "Open it in a tab of its own"),
        ("de", "Der Chat kann auf dieser Seite nicht angezeigt werden.", "In einem eigenen Tab öffnen"),
    ],
)
def test_a_site_that_is_not_allowed_gets_no_chat_but_a_link(
    browser: Browser, server: ServerProcess, tmp_path: Path, locale: str, said: str, way: str
) -> None:
    """The browser refuses the frame; within seconds the visitor can open the chat in a tab."""
    with serve(tmp_path / "site") as other:
        other.folder.mkdir()
        scripts = SCRIPT.format(server=server.url, workflow="echo", more="")
        (other.folder / "index.html").write_text(PAGE.format(html="", scripts=scripts), "utf-8")
        tab = ChatTab.open(browser, server.url, locale=locale)
        tab.page.clock.install()
        tab.page.goto(other.url)
        shop = Shop(tab=tab, site=other, server=server)
        shop.listen()
        # The hello that the page in place of the chat does not get: the frame has come to its end.
        with tab.page.expect_console_message(lambda message: "postMessage" in message.text):
            shop.button.click()
        tab.page.clock.fast_forward(4_000)
        link = tab.page.get_by_role("link", name=way)
        expect(tab.page.locator(".note")).to_contain_text(said)
        assert link.get_attribute("href") == f"{server.url}/chat/echo"
        assert shop.page.evaluate("told") == [["open"], ["error", "blocked"]]
        assert any("frame-ancestors" in each for each in tab.complaints)
        hint = f"Is the workflow public, and {other.url} among its allowed origins?"
        assert tab.complaints[-1] == f"[orcheo] {server.url}/embed/echo cannot be shown on this page. {hint}"
        tab.close()


@pytest.mark.parametrize(("color", "sign"), [("#ffee00", "oklch(0 0 0)"), ("#b03060", "oklch(1 0 0)")])
def test_the_sign_on_the_button_can_be_seen_on_every_colour(open_shop: OpenShop, color: str, sign: str) -> None:
    """Black on light colours, white on others."""
    shop = open_shop("echo", more=f' data-color="{color}"')
    assert shop.button.evaluate("(button) => getComputedStyle(button).color") == sign


def test_the_keyboard_opens_uses_and_closes_the_chat(open_shop: OpenShop) -> None:
    """Name and state are told; the focus goes into the chat and back to the button."""
    shop = open_shop("echo")
    button = shop.page.get_by_role("button", name="Chat", exact=True)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    shop.page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(shop.page.get_by_role("dialog", name="Chat")).to_be_visible()
    expect(shop.chat.get_by_label("Message", exact=True)).to_be_focused()
    shop.page.keyboard.type("Hi")
    shop.page.keyboard.press("Enter")
    expect(shop.answers).to_have_text(["You said: Hi"])
    expect_turn_over(shop.chat)
    shop.page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    shop.page.keyboard.press("Space")
    expect(shop.answers).to_have_text(["You said: Hi"])
    shop.chat.get_by_role("button", name="Close", exact=True).click()
    expect(button).to_be_focused()


def test_escape_stops_an_answer_before_it_closes_the_chat(open_shop: OpenShop) -> None:
    """As in the chat alone."""
    shop = open_shop("slow")
    shop.button.click()
    shop.chat.get_by_label("Message", exact=True).fill("stop me")
    shop.page.keyboard.press("Enter")
    expect(shop.chat.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(shop.answers.first).to_be_visible()
    shop.page.keyboard.press("Escape")
    expect(shop.chat.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(shop.button).to_have_attribute("aria-expanded", "true")
    shop.page.keyboard.press("Escape")
    expect(shop.button).to_have_attribute("aria-expanded", "false")


def test_an_answer_that_comes_while_the_chat_is_closed_leaves_a_dot(open_shop: OpenShop) -> None:
    """Which is told to screen readers as well, and gone once the chat is open."""
    shop = open_shop("slow")
    shop.listen()
    shop.button.click()
    shop.chat.get_by_label("Message", exact=True).fill("unread")
    shop.page.keyboard.press("Enter")
    expect(shop.answers.first).to_be_visible()
    shop.call("bubble.close()")
    shop.server.gates.open("unread")
    shop.wait_for("unread")
    expect(shop.page.get_by_role("button", name="Chat, new answer")).to_be_visible()
    shop.button.click()
    expect(shop.page.get_by_role("button", name="Chat", exact=True)).to_be_visible()


def test_a_visitor_signs_in_by_a_window_of_its_own(open_shop: OpenShop) -> None:
    """As no cookie comes into the frame and no provider can be framed; renewed and signed out there, too."""
    shop = open_shop("members")
    shop.button.click()
    expect(shop.chat.get_by_role("heading", name="Sign in to chat with Members")).to_be_visible()
    with shop.page.expect_popup() as popup:
        shop.chat.get_by_role("link", name="Sign in").click()
    window = popup.value
    window.get_by_label("Name").fill("Grace")
    with window.expect_event("close"):
        window.get_by_role("button", name="Sign in").click()
    expect(shop.chat.get_by_text("Signed in as Grace")).to_be_visible()
    shop.ask("Hello")
    shop.chat.get_by_role("button", name="Sign out").click()
    expect(shop.chat.get_by_role("heading", name="Sign in to chat with Members")).to_be_visible()


def test_the_bubble_speaks_the_language_of_the_browser(open_shop: OpenShop) -> None:
    """Before the chat is loaded, in it, and of an answer that came unseen; words that the page gives stay."""
    shop = open_shop("slow", more=' data-greeting="Fragen?"', locale="fr-CA")
    shop.listen()
    expect(shop.page.get_by_role("button", name="Discussion", exact=True)).to_have_attribute("lang", "fr-CA")
    shop.page.locator(".greeting").get_by_role("button", name="Fermer", exact=True).click()
    shop.button.click()
    expect(shop.page.get_by_role("dialog", name="Discussion")).to_be_visible()
    assert shop.page.locator("iframe").get_attribute("title") == "Discussion"
    shop.chat.get_by_label("Message", exact=True).fill("en français")
    shop.page.keyboard.press("Enter")
    expect(shop.answers.first).to_be_visible()
    shop.chat.get_by_role("button", name="Fermer", exact=True).click()
    expect(shop.page.get_by_role("dialog")).to_have_count(0)
    shop.server.gates.open("en français")
    shop.wait_for("unread")
    expect(shop.page.get_by_role("button", name="Discussion, nouvelle réponse")).to_be_visible()
    named = open_shop("echo", more=' data-label="Ask us" data-greeting="Hello"', locale="zh-TW")
    expect(named.page.get_by_role("button", name="關閉")).to_be_visible()
    expect(named.page.get_by_role("button", name="Ask us")).to_be_visible()
    english = open_shop("echo", locale="en-GB")
    assert english.page.evaluate("() => performance.getEntriesByType('resource').map((each) => each.name)") == [
        f"{english.server.url}/embed.js"
    ]


def test_two_bubbles_stand_side_by_side(open_shop: OpenShop) -> None:
    """Each with its own chat, of which one is open at a time; a script that is named twice makes no second one."""
    shop = open_shop("echo", "slow", "echo")
    buttons = shop.page.locator(".button")
    expect(buttons).to_have_count(2)
    first, second = (buttons.nth(at).bounding_box() for at in (0, 1))
    assert first
    assert second
    assert second["x"] + second["width"] < first["x"]
    titles = [shop.page.frame_locator("iframe").nth(at).get_by_role("heading", level=1) for at in (0, 1)]
    buttons.nth(0).click()
    expect(titles[0]).to_have_text("Echo")
    buttons.nth(1).click()
    expect(titles[1]).to_have_text("Slow")
    expect(titles[0]).to_be_hidden()
    expect(buttons.nth(0)).to_have_attribute("aria-expanded", "false")


def test_the_chat_survives_a_page_that_swaps_its_body(open_shop: OpenShop) -> None:
    """As single-page apps do when their visitor moves on; the frame is not loaded again."""
    shop = open_shop("echo")
    shop.button.click()
    shop.ask("Before")
    shop.chat.get_by_label("Message", exact=True).fill("a draft")
    shop.page.evaluate(
        "() => { history.pushState(null, '', '/next'); document.body.replaceWith(document.createElement('body')); }"
    )
    expect(shop.answers).to_have_text(["You said: Before"])
    expect(shop.chat.get_by_label("Message", exact=True)).to_have_value("a draft")


def test_a_destroyed_bubble_leaves_nothing_behind(open_shop: OpenShop) -> None:
    """No element, no listener that does anything, nothing stored; another one can be made by a call."""
    shop = open_shop("echo", more=' data-greeting="Hello there"')
    before = shop.page.evaluate("() => document.documentElement.children.length")
    shop.button.click()
    shop.ask("Hi")
    shop.listen()
    shop.call("(bubble.destroy(), bubble.destroy(), bubble.open(), bubble.toggle(), bubble.logout())")
    assert shop.page.evaluate("() => document.documentElement.children.length") == before - 1
    assert shop.page.evaluate("() => [Orcheo.bubbles().length, localStorage.length, sessionStorage.length]") == [
        0,
        0,
        0,
    ]
    expect(shop.page.locator("iframe")).to_have_count(0)
    assert shop.page.evaluate("told") == []
    options = json.dumps({"workflow": "echo", "theme": "dark", "position": "start", "labels": {"chat": "Ask us"}})
    shop.page.evaluate(f"() => Orcheo.bubble({options}).open({{ focus: false }})")
    expect(shop.answers).to_have_text(["You said: Hi"])
    expect(shop.page.get_by_role("button", name="Ask us")).not_to_be_focused()


HOSTILE: list[Any] = [
    None,
    "close",
    1,
    [],
    {},
    {"type": "close"},
    {"orcheo": 2, "type": "close"},
    {"orcheo": 1, "type": "__proto__"},
    {"orcheo": 1, "type": "constructor"},
    {"orcheo": 1, "type": "refused"},
    {"orcheo": 1, "type": "refused", "code": {}},
    {"orcheo": 1, "type": "refused", "code": "x" * 5_000},
    {"orcheo": 1, "type": "hello", "theme": "dark", "greeting": "<b>evil", "isIdentified": True, "isShown": True},
    {"orcheo": 1, "type": "hello", "theme": 1, "greeting": [], "isIdentified": "yes", "isShown": 1},
    {"orcheo": 1, "type": "identity", "identity": "e30.e30.e30"},
    {"orcheo": 1, "type": "identity", "identity": 1},
    {"orcheo": 1, "type": "logout"},
    {"orcheo": 1, "type": "close"},
    {"orcheo": 1, "type": "unread"},
    {"orcheo": 1, "type": "wanted"},
    {"orcheo-signed-in": 1, "loginPass": "x", "signedInAs": "Mallory"},
]


def test_messages_of_other_windows_change_nothing(open_shop: OpenShop) -> None:
    """Not on the page and not in the frame: neither from the page's own window, nor from another frame on it."""
    shop = open_shop("echo")
    shop.listen()
    shop.button.click()
    shop.ask("Hello")
    shop.page.evaluate("(all) => all.forEach((each) => postMessage(each, '*'))", HOSTILE)
    frame = shop.page.frames[1]
    frame.evaluate("(all) => all.forEach((each) => postMessage(each, '*'))", HOSTILE)
    # The frame's own origin is right and its window is not: another frame of the server beside it.
    other = (
        "(url) => new Promise((done) => { const f = document.createElement('iframe'); f.id = 'other';"
        " f.src = url; f.onload = done; document.body.append(f); })"
    )
    shop.page.evaluate(other, f"{shop.server.url}/embed/slow")
    beside = next(each for each in shop.page.frames if each.url.endswith("/embed/slow"))
    beside.evaluate("(all) => all.forEach((each) => parent.postMessage(each, '*'))", HOSTILE)
    shop.page.evaluate("() => new Promise((done) => setTimeout(done))")
    shop.page.evaluate("() => document.getElementById('other').remove()")
    shop.ask("Again")
    assert shop.page.evaluate("told") == [["open"], ["ready"]]
    expect(shop.button).to_have_attribute("aria-expanded", "true")


_GENUINE = {"hello", "identity", "logout"}


def test_malformed_messages_of_the_page_itself_are_passed_over(open_shop: OpenShop) -> None:
    """Right origin and right window, wrong shape."""
    shop = open_shop("echo")
    shop.button.click()
    shop.ask("Hello")
    broken = [each for each in HOSTILE if not isinstance(each, dict) or each.get("type") not in _GENUINE]
    window = "document.querySelector('[data-orcheo]').shadowRoot.querySelector('iframe').contentWindow"
    shop.page.evaluate(f"(all) => all.forEach((each) => {window}.postMessage(each, '*'))", broken)
    shop.ask("Again")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (360, 740), (700, 400)])
def test_on_a_small_screen_the_chat_takes_all_of_it(open_shop: OpenShop, width: int, height: int) -> None:
    """And has its own way out."""
    screen = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    shop = open_shop("echo", reduced_motion="reduce", **screen)
    shop.button.click()
    panel = shop.page.get_by_role("dialog")
    expect(shop.chat.get_by_label("Message", exact=True)).to_be_visible()
    assert panel.bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
    shop.ask("Hello")
    assert shop.page.evaluate("() => document.documentElement.scrollWidth") == width
    shop.chat.get_by_role("button", name="Close", exact=True).click()
    expect(panel).to_be_hidden()
    expect(shop.button).to_be_visible()


def test_the_bubble_follows_the_direction_of_the_page(open_shop: OpenShop) -> None:
    """At the left where text runs from right to left."""
    shop = open_shop("echo", html=' dir="rtl"', more=' data-greeting="שלום"')
    box = shop.button.bounding_box()
    assert box
    assert box["x"] < 100
    shop.page.get_by_role("button", name="שלום").click()
    expect(shop.chat.get_by_text("שלום")).to_be_visible()
    expect(shop.page.locator(".greeting")).to_have_count(0)


def test_a_greeting_can_be_sent_away(open_shop: OpenShop) -> None:
    """Without opening the chat; text in it is text."""
    shop = open_shop("echo", more=' data-greeting="&lt;img src=x onerror=alert(1)&gt; Hi"')
    expect(shop.page.get_by_role("button", name="<img src=x onerror=alert(1)> Hi")).to_be_visible()
    shop.page.locator(".greeting").get_by_role("button", name="Close").click()
    expect(shop.page.locator(".greeting")).to_have_count(0)
    expect(shop.button).to_be_focused()
    assert shop.page.frames == [shop.page.main_frame]


def test_the_theme_follows_the_page_into_the_frame(open_shop: OpenShop) -> None:
    """At the start and later."""
    shop = open_shop("echo", more=' data-theme="dark"', color_scheme="light")
    shop.button.click()
    background = "(e) => getComputedStyle(e).backgroundColor"
    expect(shop.chat.get_by_label("Message", exact=True)).to_be_visible()
    dark = shop.page.locator(".panel").evaluate(background)
    shop.call("bubble.setTheme('light')")
    expect(shop.page.locator(".panel")).not_to_have_css("background-color", dark)
    expect(shop.chat.locator("html")).to_have_css("color-scheme", "light")


@pytest.fixture(scope="module")
def secret(server: ServerProcess) -> str:
    """The identity secret of the workflow ``echo``, which the other site's server keeps."""
    return str(server.operation("workflows.rotate_identity_secret", ref="echo")["identity_secret"])


def identify(shop: Shop, secret: str, sub: str) -> None:
    """What the page does for a user who is signed in there: its own server signs whenever it is asked."""
    sign = f"sign_{sub}"
    shop.page.expose_function(sign, lambda: signed(secret, datetime.now(UTC), sub=sub))
    shop.call(f"bubble.identify(() => {sign}())")


def test_an_identified_visitor_has_the_same_threads_everywhere(open_shop: OpenShop, secret: str) -> None:
    """Over a reload and in another browser; another user of the site has neither those nor the draft."""
    shop = open_shop("echo")
    shop.listen()
    identify(shop, secret, "grace")
    shop.button.click()
    shop.ask("It is me")
    assert ["identified"] in shop.page.evaluate("told")
    shop.page.reload()
    shop.call("bubble.identify(() => sign_grace())")
    shop.button.click()
    expect(shop.answers).to_have_text(["You said: It is me"])
    elsewhere = open_shop("echo")
    identify(elsewhere, secret, "grace")
    elsewhere.button.click()
    elsewhere.chat.get_by_role("button", name="History").click()
    expect(elsewhere.chat.get_by_text("It is me")).to_be_visible()
    shop.chat.get_by_role("button", name="New chat").click()
    shop.chat.get_by_label("Message", exact=True).fill("Only for me")
    shop.page.reload()
    identify(shop, secret, "hopper")
    shop.button.click()
    expect(shop.chat.get_by_label("Message", exact=True)).to_have_value("")
    shop.ask("Someone else")
    shop.chat.get_by_role("button", name="History").click()
    expect(shop.chat.get_by_text("It is me")).to_have_count(0)


def test_a_visitor_who_signs_in_and_out_of_the_page_changes_in_the_open_chat(open_shop: OpenShop, secret: str) -> None:
    """The stranger's thread, the user's and the stranger's again; what was used is burnt."""
    shop = open_shop("echo")
    shop.listen()
    shop.button.click()
    shop.ask("As a stranger")
    once = signed(secret, datetime.now(UTC), sub="lin")
    shop.call(f"bubble.identify({json.dumps(once)})")
    shop.wait_for("identified")
    expect(shop.answers).to_have_count(0)
    shop.ask("As Lin")
    shop.call("bubble.logout()")
    expect(shop.answers).to_have_count(0)
    shop.chat.get_by_role("button", name="History").click()
    expect(shop.chat.get_by_text("As a stranger")).to_be_visible()
    expect(shop.chat.get_by_text("As Lin")).to_have_count(0)
    with shop.server.client() as client:
        replayed = client.post("/api/chat/echo/session", json={"identity": once})
        assert replayed.json()["code"] == "identity_expired"


def test_an_identity_that_nothing_has_signed_is_a_strangers(open_shop: OpenShop, secret: str) -> None:
    """The page is told, the visitor can chat."""
    shop = open_shop("echo")
    shop.listen()
    shop.call(f"bubble.identify({json.dumps(signed('x' * len(secret), datetime.now(UTC), sub='ada'))})")
    shop.button.click()
    shop.wait_for("error")
    assert ["error", "identity_invalid"] in shop.page.evaluate("told")
    shop.ask("Hello")
    (chat,) = shop.server.operation("threads.list", ref="echo", limit=1)["threads"]
    assert chat["subject"].startswith("anon:")


def test_a_workflow_for_members_takes_the_sites_word_for_a_login(open_shop: OpenShop, server: ServerProcess) -> None:
    """Without a sign-in window."""
    members = str(server.operation("workflows.rotate_identity_secret", ref="members")["identity_secret"])
    shop = open_shop("members")
    identify(shop, members, "ada")
    shop.button.click()
    shop.ask("Hello")


def test_the_samples_of_the_how_to_sign_what_the_server_believes(server: ServerProcess, secret: str) -> None:
    """In Python and in Node."""
    page = ROOT / "docs" / "how-to" / "put-a-bubble-on-your-site.md"
    blocks = list(code_blocks(page))
    namespace: dict[str, Any] = {}
    (python,) = [code for language, code in blocks if language == "python"]
    exec(compile(python, page.name, "exec"), namespace)
    (node,) = [code for language, code in blocks if "createHmac" in code]
    script = f"{node}\nconsole.log(signIdentity({json.dumps(secret)}, 'ada', 'Ada'))"
    stamp = ROOT / ".stamps" / "node"
    folder = f"{stamp.read_text('utf-8').strip()}{os.pathsep}" if stamp.exists() else ""
    environment = {**os.environ, "PATH": folder + os.environ["PATH"]}
    command = ["node", "--input-type=module", "-e", script]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    for identity in (namespace["sign_identity"](secret, "ada", "Ada"), said):
        with server.client() as client:
            assert client.post("/api/chat/echo/session", json={"identity": identity}).status_code == 200


def test_forced_colours_leave_every_sign_visible(open_shop: OpenShop) -> None:
    """The button has an edge, and the icons of the chat stand out from their ground."""
    shop = open_shop("echo", forced_colors="active")
    edge = "(e) => [getComputedStyle(e).borderTopColor, getComputedStyle(e).backgroundColor]"
    line, ground = shop.button.evaluate(edge)
    assert line != ground
    shop.button.click()
    shop.ask("Hello")
    colours = "(e, name) => [getComputedStyle(e)[name], getComputedStyle(e.closest('.chat > *')).backgroundColor]"
    for button, sign, drawn_by in (("Close", "svg", "stroke"), ("Copy the answer", "orcheo-icon", "backgroundColor")):
        icon = shop.chat.get_by_role("button", name=button, exact=True).locator(sign)
        expect(icon).to_be_visible()
        colour, behind = icon.evaluate(colours, drawn_by)
        assert colour not in {behind, "none", "rgba(0, 0, 0, 0)"}


def test_nothing_moves_for_those_who_want_no_motion(open_shop: OpenShop) -> None:
    """Neither the button nor the panel."""
    shop = open_shop("echo", reduced_motion="reduce")
    shop.button.click()
    moving = "(e) => [getComputedStyle(e).animationName, getComputedStyle(e).transitionDuration]"
    assert shop.page.locator(".panel").evaluate(moving) == ["none", "0s"]
    assert shop.button.evaluate(moving) == ["none", "0s"]


def test_a_keyboard_on_the_screen_takes_its_room_from_the_chat(open_shop: OpenShop) -> None:
    """What is left of the screen is the chat's, whole and in view."""
    screen = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    shop = open_shop("echo", reduced_motion="reduce", **screen)
    shop.button.click()
    shop.page.evaluate(
        "() => { for (const [name, value] of [['height', 400], ['offsetTop', 30]])"
        " Object.defineProperty(visualViewport, name, { value }); visualViewport.dispatchEvent(new Event('resize')); }"
    )
    assert shop.page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 30, "width": 360, "height": 400}


def test_the_page_of_the_frame_leads_to_the_chat_where_no_bubble_is_around_it(open_shop: OpenShop) -> None:
    """As a page of its own to the chat page; in a frame that someone wrote by hand by a link to it."""
    shop = open_shop("echo")
    alone = shop.tab.beside()
    alone.page.goto(f"{shop.server.url}/embed/echo")
    expect(alone.page).to_have_url(f"{shop.server.url}/chat/echo")
    expect(alone.message_field).to_be_editable()
    shop.page.clock.install()
    frame = "(url) => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }"
    shop.page.evaluate(frame, f"{shop.server.url}/embed/echo")
    shown = shop.page.frame_locator("iframe").locator("body")
    expect(shown.locator(".waiting")).to_be_visible()
    shop.page.clock.run_for(10_000)
    expect(shown).to_have_text("The chat cannot be shown on this page. Open it in a tab of its own")
    expect(shown.get_by_role("link")).to_have_attribute("href", "/chat/echo")
    expect(shown.get_by_role("link")).to_have_attribute("target", "_blank")
