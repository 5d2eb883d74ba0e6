"""Dictation on the chat page, with a microphone of Chromium's own and an endpoint that writes down what it hears."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import FLAGS, ChatTab
from tests.e2e.server_process import ServerProcess
from tests.servers.serving import running

pytestmark = pytest.mark.browser

HEARS = """() => {
  window.MediaRecorder = class extends MediaRecorder {
    constructor(stream, options) {
      super(stream, options);
      this.addEventListener("dataavailable", ({ data }) => {
        if (data.size > 0) document.documentElement.dataset.heard = "something";
      });
    }
  };
}"""
"""Says whether something was recorded."""
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A Chromium that hears a beep each second and asks nobody for leave."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *MICROPHONE])
        yield launched
        launched.close()


@pytest.fixture(params=["speaks", "refuses"])
def tab(browser: Browser, new_server: Callable[[], ServerProcess], request: pytest.FixtureRequest) -> Iterator[ChatTab]:
    """A chat page whose server asks an endpoint that behaves like this."""
    server = new_server()
    with running("tests.servers.openai_server:app") as url:
        server.settings = {
            "ORCHEO_TRANSCRIPTION_URL": f"{url}/v1",
            "ORCHEO_TRANSCRIPTION_MODEL": request.param,
            "ORCHEO_HTTP_RUNNER_ALLOW": "127.0.0.0/8",
        }
        published = server.start().publish("echo", "examples.echo:answer")
        opened = ChatTab.open(browser, server.url)
        yield opened.visit(published["share_url"])
        opened.close()
    opened.assert_well_behaved()


def dictate(tab: ChatTab) -> None:
    """Speak until something was heard."""
    tab.page.evaluate(HEARS)
    tab.button("Dictate").click()
    expect(tab.page.locator("html")).to_have_attribute("data-heard", "something")
    tab.button("Stop dictating").click()


@pytest.mark.parametrize("tab", ["speaks"], indirect=True)
def test_what_a_visitor_says_is_written_into_the_message(tab: ChatTab) -> None:
    """Where it can be changed before it is sent."""
    dictate(tab)
    expect(tab.message_field).to_have_value("A table for two, please.")
    tab.button("Send").click()
    expect(tab.expect_answer(number=0)).to_contain_text("A table for two, please.")


@pytest.mark.parametrize("tab", ["refuses"], indirect=True)
def test_a_visitor_is_told_that_no_words_came(tab: ChatTab) -> None:
    """And may type."""
    dictate(tab)
    expect(tab.page.get_by_role("alert")).to_contain_text("could not be written down")
    tab.assert_refused_once(424)
    tab.ask("Hello")
    tab.expect_answer(number=0)


@pytest.mark.parametrize("tab", ["speaks"], indirect=True)
def test_a_long_recording_ends_before_it_is_too_large(tab: ChatTab) -> None:
    """It is written down as far as it goes."""
    loud = """() => { const real = MediaRecorder; window.MediaRecorder = class extends real {
        constructor(stream, options) { super(stream, options); window.quality = options;
            this.addEventListener("dataavailable", (event) => {
                if (event.data.size) Object.defineProperty(event.data, "size", { value: 170001 }); }); } } }"""
    tab.page.evaluate(loud)
    tab.button("Dictate").click()
    expect(tab.message_field).to_have_value("A table for two, please.")
    assert tab.page.evaluate("window.quality.audioBitsPerSecond") == 24_000


HELD = """() => {
  const media = navigator.mediaDevices, real = media.getUserMedia.bind(media), root = document.documentElement.dataset;
  media.getUserMedia = async (wanted) => {
    const stream = await real(wanted);
    root.asked = String(Number(root.asked ?? 0) + 1);
    await new Promise((resolve) => addEventListener("allow", resolve, { once: true }));
    window.track = stream.getAudioTracks()[0];
    setTimeout(() => (root.given = "yes"), 0);
    return stream;
  };
}"""
"""The browser's question about the microphone stays open until the event ``allow``."""


@pytest.mark.parametrize("tab", ["speaks"], indirect=True)
def test_a_second_press_while_the_browser_asks_records_nothing_more(tab: ChatTab) -> None:
    """One recording is under way, and seen to be; the next press ends it, and the focus stays on the button."""
    tab.page.evaluate(HELD)
    tab.page.evaluate(HEARS)
    microphone = tab.button("Dictate")
    microphone.click()
    expect(microphone).to_have_attribute("aria-disabled", "true")
    microphone.click(force=True)
    expect(tab.page.locator("html")).to_have_attribute("data-asked", "1")
    tab.page.evaluate("dispatchEvent(new Event('allow'))")
    expect(tab.page.locator("html")).to_have_attribute("data-heard", "something")
    expect(tab.button("Stop dictating")).to_have_css("background-color", "rgb(156, 47, 38)")
    tab.button("Stop dictating").click()
    expect(tab.message_field).to_have_value("A table for two, please.")
    expect(tab.page.locator("html")).to_have_attribute("data-asked", "1")
    expect(tab.button("Dictate")).to_be_focused()
    assert tab.page.evaluate("window.track.readyState") == "ended"


@pytest.mark.parametrize("tab", ["speaks"], indirect=True)
def test_a_chat_that_has_gone_does_not_listen(tab: ChatTab) -> None:
    """Its microphone is switched off, though the visitor allowed it afterwards."""
    tab.page.evaluate(HELD)
    tab.button("Dictate").click()
    expect(tab.page.locator("html")).to_have_attribute("data-asked", "1")
    tab.page.evaluate("document.querySelector('orcheo-chat-page').remove()")
    tab.page.evaluate("dispatchEvent(new Event('allow'))")
    expect(tab.page.locator("html")).to_have_attribute("data-given", "yes")
    assert tab.page.evaluate("window.track.readyState") == "ended"
