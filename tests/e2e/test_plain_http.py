"""A chat over plain http under a name, as in a home or an office: browsers keep some of their interfaces from it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

NAME = "orcheo.test"
"""The tests' browser finds it on this machine, and does not take it for this machine's own name."""


def test_a_visitor_chats_and_copies_over_plain_http(tmp_path: Path, browser: Browser) -> None:
    """Keys of requests and the clipboard need no secure context."""
    server = ServerProcess(
        data_dir=tmp_path / "data", gates=Gates(tmp_path), settings={"ORCHEO_ALLOWED_HOSTS": NAME}
    ).start()
    try:
        published = server.publish("plain", "tests.workflows:echo")
        tab = ChatTab.open(browser, server.url.replace("127.0.0.1", NAME))
        tab.visit(published["share_url"].replace("127.0.0.1", NAME))
        assert tab.page.evaluate("[isSecureContext, typeof crypto.randomUUID]") == [False, "undefined"]
        tab.ask("Hello there")
        tab.expect_answer(number=0)
        tab.page.get_by_role("button", name="Copy the answer").click()
        expect(tab.page.get_by_role("button", name="Copied")).to_be_visible()
        tab.page.get_by_role("textbox").press("Control+V")
        expect(tab.page.get_by_role("textbox")).to_have_value("Hello there")
        tab.close()
        tab.assert_complained_of("The Cross-Origin-Opener-Policy header has been ignored")
        tab.assert_well_behaved()
    finally:
        server.close()
