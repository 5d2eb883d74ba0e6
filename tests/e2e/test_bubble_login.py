"""A visitor of a bubble signs in at a real identity provider, in a browser that keeps cookies of other sites away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
from tests.e2e.foreign_site import serve
from tests.e2e.provider_process import CLIENT_ID, CLIENT_SECRET, free_port, running_provider
from tests.e2e.server_process import Gates, ServerProcess
from tests.e2e.test_bubble import CSP, NO_COOKIES, PAGE, SCRIPT, Shop

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(browser: Browser, tmp_path: Path) -> Iterator[Shop]:
    """A page of another site with the bubble of a workflow whose visitors sign in at the provider."""
    url = f"http://127.0.0.1:{free_port()}"
    with running_provider(f"{url}/auth/callback") as issuer, serve(tmp_path / "site") as site:
        settings = {
            "ORCHEO_OIDC_ISSUER": issuer,
            "ORCHEO_OIDC_CLIENT_ID": CLIENT_ID,
            "ORCHEO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }
        server = ServerProcess(data_dir=tmp_path / "data", gates=Gates(tmp_path), settings=settings, url=url).start()
        server.operation("workflows.add", handle="members", runner="python", target="examples.echo:answer")
        server.operation("workflows.publish", ref="members", require_login=True)
        server.operation("workflows.edit", ref="members", allowed_origins=[site.url])
        site.folder.mkdir()
        site.headers["content-security-policy"] = CSP.format(server=server.url)
        scripts = SCRIPT.format(server=server.url, workflow="members", more="")
        (site.folder / "index.html").write_text(PAGE.format(html="", scripts=scripts), "utf-8")
        tab = ChatTab.open(browser, server.url)
        devtools = tab.page.context.new_cdp_session(tab.page)
        devtools.send("Network.enable")
        devtools.send("Network.setCookieControls", NO_COOKIES)
        tab.page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        tab.page.goto(site.url)
        yield Shop(tab=tab, site=site, server=server)
        tab.close()
        server.close()
        tab.complaints[:] = [text for text in tab.complaints if "status of 401" not in text]
        tab.assert_well_behaved(site.url)


def test_on_a_phone_one_can_turn_back_before_signing_in(shop: Shop) -> None:
    """The chat takes all of the screen there, and the button of the bubble lies below it."""
    shop.page.set_viewport_size({"width": 360, "height": 740})
    shop.button.click()
    expect(shop.chat.get_by_role("link", name="Sign in")).to_be_visible()
    shop.chat.get_by_role("button", name="Close").click()
    expect(shop.page.get_by_role("dialog")).to_have_count(0)


def test_a_visitor_of_a_bubble_signs_in_at_the_provider(shop: Shop) -> None:
    """In a window of its own, which closes by itself; a reload signs in again by the provider's login, and signing out
    ends it in the frame.
    """
    shop.button.click()
    with shop.page.expect_popup() as popup:
        shop.chat.get_by_role("link", name="Sign in").click()
    window = popup.value
    window.get_by_label("Name").fill("Ada")
    with window.expect_event("close"):
        window.get_by_role("button", name="Continue").click()
    expect(shop.chat.get_by_text("Signed in as Ada Lovelace")).to_be_visible()
    shop.ask("Hello")
    (chat,) = shop.server.operation("threads.list", ref="members", limit=1)["threads"]
    assert chat["subject"].startswith("oidc:")
    shop.page.reload()
    shop.button.click()
    with shop.page.expect_popup() as again:
        shop.chat.get_by_role("link", name="Sign in").click()
    if not again.value.is_closed():
        again.value.wait_for_event("close")
    expect(shop.answers).to_have_text(["You said: Hello"])
    shop.chat.get_by_role("button", name="Sign out").click()
    expect(shop.chat.get_by_role("heading", name="Sign in to chat with Members")).to_be_visible()


def test_a_sign_in_that_is_given_up_leaves_the_way_in_open(shop: Shop) -> None:
    """The window was closed at the provider's form: the frame still offers to sign in, and the next try works."""
    shop.button.click()
    with shop.page.expect_popup() as popup:
        shop.chat.get_by_role("link", name="Sign in").click()
    expect(popup.value.get_by_label("Name")).to_be_visible()
    popup.value.close()
    with shop.page.expect_popup() as popup:
        shop.chat.get_by_role("link", name="Sign in").click()
    popup.value.get_by_label("Name").fill("Grace")
    with popup.value.expect_event("close"):
        popup.value.get_by_role("button", name="Continue").click()
    expect(shop.chat.get_by_text("Signed in as Grace")).to_be_visible()
