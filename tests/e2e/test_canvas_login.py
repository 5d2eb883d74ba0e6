"""Owners who sign in to Canvas at a real OpenID Connect provider, in a real browser."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab
from tests.e2e.provider_process import CLIENT_ID, CLIENT_SECRET, free_port, running_provider
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser
NewTab = Callable[[], ChatTab]
SCOPES = ["workflows:read", "workflows:write", "workflows:publish", "transcripts:read"]


@pytest.fixture(scope="module")
def issuer_and_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerProcess]]:
    """A provider, and a server that lets one of its people own workflows."""
    folder, port = tmp_path_factory.mktemp("canvas-login"), free_port()
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
        server = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings, url=url).start()
        yield issuer, server
        server.close()


@pytest.fixture
def owner_tab(browser: Browser, issuer_and_server: tuple[str, ServerProcess]) -> Iterator[NewTab]:
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


def sign_in(tab: ChatTab, name: str) -> None:
    """From Canvas to the provider's form, and through it."""
    tab.page.get_by_role("link", name="Sign in with").click()
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_role("button", name="Continue").click()


def test_owner_comes_back_to_where_they_were(owner_tab: NewTab) -> None:
    """The provider leads back to Canvas, which shows the page that was asked for."""
    tab = owner_tab()
    tab.page.goto(f"{tab.origin}/canvas/sessions")
    expect(tab.page.get_by_role("heading", name="Sign in to Canvas")).to_be_visible()
    assert axe.faults(tab) == []
    sign_in(tab, "Ada")
    expect(tab.page.get_by_text("This one", exact=True)).to_be_visible()
    assert tab.page.url == f"{tab.origin}/canvas/sessions"
    expect(tab.page.get_by_role("banner").get_by_text("ada", exact=True)).to_be_visible()


def test_form_is_as_it_was_after_the_way_to_the_provider(owner_tab: NewTab) -> None:
    """Signed out in the middle: the provider is another page, and what was typed is there again behind it."""
    tab = owner_tab()
    tab.page.goto(f"{tab.origin}/canvas/register")
    sign_in(tab, "Ada")
    tab.page.get_by_label("Handle").fill("typed-before")
    tab.page.get_by_role("radio", name="HTTP service").check()
    tab.page.get_by_label("Target").fill("https://service.example.org/answer")
    tab.page.get_by_label("Run a probe turn first").uncheck()
    tab.page.context.clear_cookies()
    tab.button("Register").click()
    expect(tab.page.get_by_role("dialog").get_by_role("heading", name="Sign in again")).to_be_visible()
    sign_in(tab, "Ada")
    expect(tab.page.get_by_text("What you typed before is here again.")).to_be_visible()
    expect(tab.page.get_by_label("Handle")).to_have_value("typed-before")
    tab.button("Register").click()
    expect(tab.page.get_by_role("heading", name="Typed before", level=1)).to_be_visible()


def test_person_without_a_rule_is_told_so(owner_tab: NewTab) -> None:
    """Known to the provider, and to no rule of the operator's: not let in."""
    tab = owner_tab()
    tab.page.goto(f"{tab.origin}/canvas")
    sign_in(tab, "Bob")
    expect(tab.page.get_by_text("this server does not know you as an owner")).to_be_visible()
    tab.page.goto(f"{tab.origin}/canvas")
    expect(tab.page.get_by_role("heading", name="Sign in to Canvas")).to_be_visible()
