"""An app for OpenAI's hosted ChatKit, moved here: its server uses the official client, its page is as it was."""

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from attrs import define, field
from openai.types.beta.chatkit import ChatSession
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.foreign_site import Site, build_app, serve
from tests.e2e.server_process import Gates, ServerProcess

pytestmark = pytest.mark.browser

STARTER = """<!doctype html><meta charset="utf-8"><title>A starter app</title>
<openai-chatkit id="chat" style="display: block; height: 500px"></openai-chatkit>
<script src="{script}" async></script>
<script>
  customElements.whenDefined("openai-chatkit").then(() => {{
    document.getElementById("chat").setOptions({{
      api: {{
        async getClientSecret(currentSecret) {{
          if (currentSecret) return currentSecret;
          const answer = await fetch("/session", {{ method: "POST" }});
          return (await answer.json()).client_secret;
        }},
      }},
      composer: {{ attachments: {{ enabled: true }} }},
    }});
  }});
</script>"""
"""OpenAI's starter app gives the secret it has, whatever has become of it."""


@define(kw_only=True)
class Backend:
    """The app's own server: it opens a session for its user whenever the page asks."""

    client: openai.OpenAI
    handle: str
    options: dict[str, Any] = field(factory=dict)
    opened: list[ChatSession] = field(factory=list)

    def open_session(self) -> dict[str, Any]:
        """What the page gets."""
        create = self.client.beta.chatkit.sessions.create
        self.opened.append(create(user="traveller", workflow={"id": self.handle}, **self.options))
        return {"client_secret": self.opened[-1].client_secret}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app's site."""
    with serve(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def chat_server(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that lets the pages of the site in, and the app built for it."""
    folder = tmp_path_factory.mktemp("server")
    settings = {"ORCHEO_ALLOWED_ORIGINS": site.url}
    running = ServerProcess(data_dir=folder / "data", gates=Gates(folder), settings=settings).start()
    build_app(f"{running.url}/chatkit.js", site.folder)
    (site.folder / "starter.html").write_text(STARTER.format(script=f"{running.url}/chatkit.js"), "utf-8")
    yield running
    running.close()


@pytest.fixture
def backend(site: Site, chat_server: ServerProcess) -> Backend:
    """Of an app with a workflow of its own."""
    handle = f"app-{len(chat_server.operation('workflows.list')['workflows'])}"
    token = chat_server.publish(handle, "tests.e2e.widget_workflows:talks")["publish_token"]
    client = openai.OpenAI(api_key=token, base_url=f"{chat_server.url}/v1")
    backend = Backend(client=client, handle=handle)
    site.open_session = backend.open_session
    return backend


@pytest.fixture
def visit(browser: Browser, site: Site, chat_server: ServerProcess) -> Iterator[Callable[..., ChatTab]]:
    """Opens a page of the site; nothing may be asked of anyone else, and nothing may be on its console."""
    tabs: list[ChatTab] = []

    def open_page(path: str = "/", **profile: object) -> ChatTab:
        tabs.append(ChatTab.open(browser, chat_server.url, **profile))
        tabs[-1].page.clock.install()
        tabs[-1].page.goto(f"{site.url}{path}")
        return tabs[-1]

    yield open_page
    for each in tabs:
        each.close()
    for each in tabs:
        each.assert_well_behaved(site.url)


def say(page: Page, text: str) -> None:
    """Send a message, and wait for its answer and the end of the turn."""
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".answer .prose").last).to_have_text(f"Answer to {text}")
    expect_turn_over(page)


def test_an_app_runs_with_another_base_address(backend: Backend, visit: Callable[..., ChatTab]) -> None:
    """It chats; files, which the session does not allow, are not offered, and the app reads what was said."""
    page = visit().page
    say(page, "weekend")
    expect(page.get_by_role("button", name="History", exact=True)).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menuitem").first).to_be_visible()
    expect(page.get_by_role("menuitem", name="Add files")).to_have_count(0)
    assert len(backend.opened) == 1
    threads = backend.client.beta.chatkit.threads
    (thread,) = threads.list(user="traveller")
    assert "chatkit.user_message" in [each.type for each in threads.list_items(thread.id)]


def test_what_a_session_allows_is_what_the_page_offers(backend: Backend, visit: Callable[..., ChatTab]) -> None:
    """Files are on and history is off, in spite of the page's own options."""
    backend.options = {"chatkit_configuration": {"file_upload": {"enabled": True}, "history": {"enabled": False}}}
    page = visit().page
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menuitem", name="Add files")).to_be_visible()
    expect(page.get_by_role("button", name="History", exact=True)).to_have_count(0)


def test_a_file_too_many_says_why(backend: Backend, visit: Callable[..., ChatTab]) -> None:
    """The file that was taken stays, and the other can be sent later."""
    backend.options = {"chatkit_configuration": {"file_upload": {"enabled": True, "max_files": 1}}}
    tab = visit()
    page = tab.page
    expect(page.get_by_role("button", name="More", exact=True)).to_be_visible()
    files = "['a', 'b'].map((name) => new File([name], `${name}.txt`, { type: 'text/plain' }))"
    page.evaluate(f"chat.setComposerValue({{ files: {files} }})")
    expect(page.get_by_role("alert")).to_have_text("No more files can be uploaded in this chat.")
    expect(page.locator(".files li[data-status=sent]")).to_have_count(1)
    expect(page.locator(".files li[data-status=failed]")).to_have_count(1)
    tab.assert_refused_once(403)


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (2**20 + 1, "Файл a.txt завеликий. Розмір файлу — не більше 1 МБ."),
        (11 * 2**20, "Файл a.txt завеликий. Розмір файлу — не більше 10 МБ."),
        (0, "Файл a.txt порожній."),
    ],
)
def test_a_file_of_a_size_that_is_refused_says_so_in_the_visitors_language(
    backend: Backend, visit: Callable[..., ChatTab], size: int, told: str
) -> None:
    """By the limit of the app, or of the server; the file does not stay, as sending it again would not help."""
    backend.options = {"chatkit_configuration": {"file_upload": {"enabled": True, "max_file_size": 1}}}
    tab = visit("/starter.html", locale="uk")
    expect(tab.page.get_by_role("button", name="Більше", exact=True)).to_be_visible()
    file = f"new File([new Uint8Array({size})], 'a.txt', {{ type: 'text/plain' }})"
    tab.page.evaluate(f"chat.setComposerValue({{ files: [{file}] }})")
    expect(tab.page.get_by_role("alert")).to_have_text(told)
    expect(tab.page.locator(".files li")).to_have_count(0)
    tab.assert_refused_once(422)


def test_a_session_that_runs_out_is_followed_by_another(backend: Backend, visit: Callable[..., ChatTab]) -> None:
    """The chat continues in its thread."""
    page = visit().page
    say(page, "weekend")
    page.clock.fast_forward("09:50")
    say(page, "summer")
    assert len(backend.opened) == 2
    assert page.evaluate("told.filter((e) => e.name === 'secret').at(-1).detail") == {"hadOne": True}
    expect(page.locator(".question")).to_have_count(2)
    (thread,) = backend.client.beta.chatkit.threads.list(user="traveller")
    assert thread.title


def test_a_page_that_keeps_its_secret_is_asked_for_a_new_one(backend: Backend, visit: Callable[..., ChatTab]) -> None:
    """As OpenAI's starter app does."""
    page = visit("/starter.html").page
    say(page, "weekend")
    page.clock.fast_forward("09:50")
    say(page, "summer")
    assert len(backend.opened) == 2


def test_a_cancelled_session_is_over_on_the_page(
    backend: Backend, visit: Callable[..., ChatTab], chat_server: ServerProcess
) -> None:
    """The visitor reads that the chat has ended, and no new session is opened behind the app's back."""
    tab = visit()
    page = tab.page
    say(page, "weekend")
    backend.client.beta.chatkit.sessions.cancel(backend.opened[-1].id)
    page.get_by_label("Message", exact=True).fill("summer")
    with page.expect_response(lambda answer: answer.url.startswith(chat_server.url) and answer.status == 401):
        page.keyboard.press("Enter")
    expect(page.locator(".closed")).to_be_visible()
    assert len(backend.opened) == 1
    tab.assert_refused_once(401)
