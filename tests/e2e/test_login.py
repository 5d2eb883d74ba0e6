"""Visitors who must sign in, in a real browser at a real OpenID Connect provider."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
from tests.e2e.provider_process import CLIENT_ID, CLIENT_SECRET, free_port, running_provider
from tests.e2e.server_process import Gates, ServerProcess, eventually

pytestmark = pytest.mark.browser
NewTab = Callable[[], ChatTab]
ECHO = "examples.echo:answer"


@pytest.fixture(scope="module")
def issuer_and_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerProcess]]:
    """A provider, and a server whose visitors sign in there."""
    folder, port = tmp_path_factory.mktemp("login"), free_port()
    url = f"http://127.0.0.1:{port}"
    with running_provider(f"{url}/auth/callback") as issuer:
        settings = {
            "ORCHEO_OIDC_ISSUER": issuer,
            "ORCHEO_OIDC_CLIENT_ID": CLIENT_ID,
            "ORCHEO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }
        server = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings, url=url).start()
        yield issuer, server
        server.close()


@pytest.fixture
def walled_tab(browser: Browser, issuer_and_server: tuple[str, ServerProcess]) -> Iterator[NewTab]:
    """Opens tabs that may go to the provider, and nowhere else."""
    issuer, server = issuer_and_server
    tabs: list[ChatTab] = []

    def make() -> ChatTab:
        tabs.append(ChatTab.open(browser, server.url))
        return tabs[-1]

    yield make
    for each in tabs:
        each.close()
        assert [url for url in each.foreign_requests if not url.startswith(f"{issuer}/")] == []
        assert [text for text in each.complaints if "401" not in text and "403" not in text] == []


@pytest.fixture
def share_url(issuer_and_server: tuple[str, ServerProcess], request: pytest.FixtureRequest) -> str:
    """The share link of a workflow of the test's own, for visitors who sign in."""
    _, server = issuer_and_server
    handle = re.sub("[^a-z0-9]+", "-", str(request.node.name))[:40].strip("-")
    server.operation("workflows.add", handle=handle, runner="python", target=ECHO)
    return str(server.operation("workflows.publish", ref=handle, require_login=True)["share_url"])


def sign_in(tab: ChatTab, name: str) -> None:
    """From the wall to the provider's form, and through it."""
    tab.page.get_by_role("link", name=re.compile("^Sign in")).click()
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_role("button", name="Continue").click()


def test_the_way_through_the_wall_and_back_to_the_thread(walled_tab: NewTab, share_url: str) -> None:
    """Wall with the names of chat and provider, sign-in, chat; a reload keeps the login and the thread."""
    tab = walled_tab()
    tab.page.goto(share_url)
    name = share_url.rpartition("/")[2].replace("-", " ").capitalize()
    expect(tab.page.get_by_role("heading", name=f"Sign in to chat with {name}", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("link", name="Sign in with 127.0.0.1", exact=True)).to_be_visible()
    sign_in(tab, "Ada")
    expect(tab.page.get_by_text("Signed in as Ada Lovelace")).to_be_visible()
    assert tab.page.url == share_url
    tab.ask("Hello")
    tab.expect_answer(number=0)
    tab.page.reload()
    expect(tab.questions).to_have_text(["Hello"])
    expect(tab.page.get_by_text("Signed in as Ada Lovelace")).to_be_visible()


def test_signing_out_brings_the_wall_back(walled_tab: NewTab, share_url: str) -> None:
    """And someone else may sign in at the same browser, without seeing what the first one said."""
    tab = walled_tab()
    tab.page.goto(share_url)
    sign_in(tab, "Ada")
    tab.ask("Only for me")
    tab.expect_answer(number=0)
    tab.button("Sign out").click()
    expect(tab.page.get_by_role("heading", name="You are signed out")).to_be_visible()
    tab.page.get_by_role("link", name="Sign out at 127.0.0.1").click()
    tab.button("Yes, sign me out").click()  # the provider asks
    expect(tab.page.get_by_text("Signed out")).to_be_visible()
    tab.page.goto(share_url)
    expect(tab.page.get_by_role("heading", name="Sign in to chat")).to_be_visible()
    sign_in(tab, "Bob")
    expect(tab.page.get_by_text("Signed in as Bob Lovelace")).to_be_visible()
    expect(tab.message_field).to_be_editable()
    expect(tab.questions).to_have_count(0)


def test_signing_out_shuts_the_chat_in_other_tabs(walled_tab: NewTab, share_url: str) -> None:
    """Nobody else at this computer reads or writes there as the person who left; what they were writing is gone."""
    tab = walled_tab()
    tab.page.goto(share_url)
    sign_in(tab, "Ada")
    tab.ask("Hello")
    tab.expect_answer(number=0)
    other = tab.beside()
    other.page.goto(share_url)
    expect(other.questions).to_have_text(["Hello"])
    other.message_field.fill("Only for me")
    tab.button("Sign out").click()
    expect(other.page.get_by_role("heading", name="Sign in to chat")).to_be_visible()
    expect(other.questions).to_have_count(0)
    assert other.page.evaluate("Object.keys(sessionStorage)") == []


def test_who_says_no_is_told_so_in_plain_words(walled_tab: NewTab, share_url: str) -> None:
    """With the way back to the chat."""
    tab = walled_tab()
    tab.page.goto(share_url)
    tab.page.get_by_role("link", name=re.compile("^Sign in")).click()
    tab.page.get_by_role("button", name="Deny").click()
    expect(tab.page.get_by_role("heading")).to_have_text("You could not be signed in")
    tab.page.get_by_role("link", name="Back to the chat").click()
    expect(tab.page.get_by_role("heading", name="Sign in to chat")).to_be_visible()


def test_a_login_that_is_over_leads_to_the_wall_and_back(walled_tab: NewTab, share_url: str) -> None:
    """The thread is still there, as the person is the same."""
    tab = walled_tab()
    tab.page.goto(share_url)
    sign_in(tab, "Ada")
    tab.ask("Before")
    tab.expect_answer(number=0)
    tab.page.context.clear_cookies(name="orcheo_login")  # what half an hour without use comes to
    tab.page.reload()
    expect(tab.page.get_by_role("heading", name="Sign in to chat")).to_be_visible()
    tab.page.get_by_role("link", name=re.compile("^Sign in")).click()
    expect(tab.questions).to_have_text(["Before"])


def test_the_trial_sign_in_shows_a_banner(browser: Browser, tmp_path: Path) -> None:
    """``orcheo serve --dev-login``: any name, and everyone sees that it is so."""
    server = ServerProcess(data_dir=tmp_path / "data", gates=Gates(tmp_path), settings={"ORCHEO_DEV_LOGIN": "on"})
    try:
        server.start()
        eventually(lambda: "Trial sign-in is on" in server.log, "the log says so")
        server.operation("workflows.add", handle="echo", runner="python", target=ECHO)
        published = server.operation("workflows.publish", ref="echo", require_login=True)
        tab = ChatTab.open(browser, server.url)
        tab.page.goto(published["share_url"])
        expect(tab.page.get_by_text("Trial sign-in is on")).to_be_visible()
        tab.page.get_by_role("link", name=re.compile("^Sign in")).click()
        tab.page.get_by_label("Name").fill("Grace")
        tab.button("Sign in").click()
        expect(tab.page.get_by_text("Signed in as Grace")).to_be_visible()
        expect(tab.page.get_by_text("Trial sign-in is on")).to_be_visible()
        tab.ask("Hello")
        tab.expect_answer(number=0)
        tab.close()
        assert tab.foreign_requests == []
    finally:
        server.close()
