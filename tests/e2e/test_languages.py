"""The words of the chat in the visitor's language."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.e2e.browser import ChatTab
from tests.e2e.server_process import ROOT, ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]
FILES = ROOT / "web" / "src" / "element" / "languages"
OUTSIDE = """() => {
  const inner = (e) => (e.shadowRoot === null ? [] : within(e.shadowRoot));
  const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...inner(e)]);
  const isOutside = (e) => {
    const {left, right, width} = e.getBoundingClientRect();
    return width > 1 && (left < 0 || right > innerWidth);
  };
  return within(document).filter((e) => isOutside(e) && !e.closest("pre, .table")).map((e) => e.outerHTML);
}"""
"""The elements that reach beyond the screen on either side; what is for screen readers alone has no width."""
ELEMENT = """<!doctype html><html lang="en"><title>A shop</title><openai-chatkit locale="{locale}"></openai-chatkit>
<script src="/chatkit.js"></script>
<script type="module">
  await customElements.whenDefined("openai-chatkit");
  const chat = document.querySelector("openai-chatkit");
  const api = {{url: "/api/chatkit", fetch: (url, init = {{}}) => fetch(url, {{...init,
    headers: {{...init.headers, Authorization: "Bearer {token}"}}}})}};
  window.say = (more) => chat.setOptions({{api, ...more}});
  window.say({{}});
</script>"""


@pytest.mark.parametrize(
    ("locale", "lang", "direction", "label", "greeting"),
    [
        ("es-MX", "es-MX", "ltr", "Mensaje", "¿Qué desea preguntar?"),
        ("ar", "ar", "rtl", "الرسالة", "عمَّ تود أن تسأل؟"),
        ("zh-HK", "zh-HK", "ltr", "訊息", "您想問什麼？"),
        ("sw", "en", "ltr", "Message", "What would you like to ask?"),
    ],
)
def test_the_page_speaks_the_language_of_the_browser(
    shared_server: ServerProcess, new_tab: NewTab, locale: str, lang: str, direction: str, label: str, greeting: str
) -> None:
    """Words, ``lang`` and ``dir`` follow what the browser asks for; a language that there is not becomes English."""
    published = shared_server.publish(f"page-{locale.lower()}", "examples.echo:answer")
    tab = new_tab(locale=locale)
    tab.page.goto(published["share_url"])
    expect(tab.page.get_by_text(greeting)).to_be_visible()
    html = tab.page.locator("html")
    expect(html).to_have_attribute("lang", lang)
    expect(html).to_have_attribute("dir", direction)
    tab.page.get_by_label(label, exact=True).fill("x")
    tab.page.keyboard.press("Enter")
    expect(tab.answer_texts).to_have_text("You said: x")


def test_a_chat_that_is_not_there_is_said_in_the_language_of_the_browser(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """The screens around the chat are translated as well."""
    tab = new_tab(locale="he")
    tab.page.goto(f"{shared_server.url}/chat/nothing-here")
    expect(tab.page.get_by_role("heading", name="הצ׳אט הזה לא זמין")).to_be_visible()


def test_what_is_in_another_script_stands_on_its_own_side(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """From right to left: the hint of the field and a Latin name at the right, a Latin table at the left, and in the
    history a Latin title at the right."""
    published = shared_server.publish("sides", "tests.e2e.gated_workflows:everything", name="Latin")
    tab = new_tab(locale="he")
    tab.page.goto(published["share_url"])
    field = tab.page.get_by_label("הודעה", exact=True)
    expect(field).to_have_css("direction", "rtl")
    expect(tab.page.get_by_role("heading", name="Latin")).to_have_css("text-align", "right")
    field.fill("Hello")
    expect(field).to_have_css("direction", "ltr")
    field.press("Enter")
    tab.expect_answer(number=0)
    expect(tab.page.locator(".prose .table")).to_have_css("direction", "ltr")
    tab.page.locator(".bar button").last.click()
    title = tab.page.locator("orcheo-history .open > span")
    expect(title).to_have_text("Hello")
    gap = "(title) => title.parentElement.getBoundingClientRect().right - title.getBoundingClientRect().right"
    assert title.evaluate(gap) < 16


def test_every_language_fits_a_narrow_screen(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """At 320 px, on the first screen, in the history, and where there is no chat."""
    published = shared_server.publish("narrow", "examples.echo:answer", name="Narrow")
    for file in sorted(FILES.glob("*.json")):
        tab = new_tab(locale=file.stem, viewport={"width": 320, "height": 640})
        tab.page.goto(published["share_url"])
        expect(tab.page.locator("html")).to_have_attribute("lang", file.stem)
        tab.page.locator("textarea").fill("Hello")
        assert tab.page.evaluate(OUTSIDE) == [], file.stem
        tab.page.keyboard.press("Enter")
        tab.expect_answer(number=0)
        tab.page.locator(".bar button").last.click()
        expect(tab.page.locator("orcheo-history .thread")).to_be_visible()
        assert tab.page.evaluate(OUTSIDE) == [], file.stem
        tab.page.route("**/api/chat/narrow", lambda route: route.fulfill(status=429, body="{}"))
        tab.page.reload()
        expect(tab.page.get_by_role("alert")).to_be_visible()
        assert tab.page.evaluate(OUTSIDE) == [], file.stem
        tab.assert_refused_once(429)
        tab.assert_well_behaved()
        tab.close()


def element_page(shared_server: ServerProcess, browser: Browser, *, handle: str, workflow: str, locale: str) -> ChatTab:
    """A page with the element alone, at an address of the server itself."""
    token = shared_server.publish(handle, workflow)["publish_token"]
    tab = ChatTab.open(browser, shared_server.url)
    html = ELEMENT.format(locale=locale, token=token)
    tab.page.route("**/shop", lambda route: route.fulfill(body=html, content_type="text/html"))
    tab.page.goto(f"{shared_server.url}/shop")
    tab.page.wait_for_function("window.say !== undefined")
    return tab


def test_the_language_changes_during_an_answer(shared_server: ServerProcess, browser: Browser) -> None:
    """The words change; the thread, the draft and the running answer stay, in what is drawn and in what is cached."""
    tab = element_page(
        shared_server, browser, handle="changing", workflow="tests.e2e.gated_workflows:held", locale="fr"
    )
    message = tab.page.get_by_label("Message", exact=True)
    message.fill("changing")
    message.press("Enter")
    expect(tab.answer_texts).to_have_text("before")
    message.fill("A draft")
    tab.page.evaluate("say({locale: 'fa'})")
    field = tab.page.get_by_label("پیام", exact=True)
    expect(field).to_have_value("A draft")
    expect(tab.answer_texts).to_have_text("before")
    expect(tab.page.get_by_role("button", name="توقف")).to_be_enabled()
    expect(tab.page.locator(".chat")).to_have_attribute("dir", "rtl")
    shared_server.gates.open("changing")
    tab.expect_answer(number=0)
    expect(tab.questions).to_have_text(["changing"])
    expect(tab.page.get_by_role("status")).to_have_text("پاسخ کامل شد.")
    tab.page.evaluate("document.querySelector('openai-chatkit').locale = 'de'; say({})")
    expect(tab.page.get_by_label("Nachricht", exact=True)).to_have_value("A draft")
    tab.close()
    tab.assert_well_behaved()


def test_what_is_finished_changes_its_language_too(shared_server: ServerProcess, browser: Browser) -> None:
    """The buttons of a block of code, which is not drawn again as long as it stays as it is."""
    tab = element_page(
        shared_server, browser, handle="finished", workflow="tests.e2e.gated_workflows:everything", locale="en"
    )
    tab.page.get_by_label("Message", exact=True).fill("all")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Copy code").first.click()
    tab.page.evaluate("say({locale: 'uk'})")
    expect(tab.page.get_by_role("button", name="Копіювати код").first).to_be_visible()
    tab.close()
    tab.assert_well_behaved()


@pytest.mark.parametrize("locale", ["../../x", "<b>", "__proto__", "sw-KE", "de\r\nX-Evil: 1"])
def test_a_locale_that_there_is_not_is_english(shared_server: ServerProcess, browser: Browser, locale: str) -> None:
    """Whatever the page names, the chat works, and nothing of it becomes an address or a header."""
    handle = f"odd-{len(shared_server.operation('workflows.list')['workflows'])}"
    tab = element_page(shared_server, browser, handle=handle, workflow="examples.echo:answer", locale="de")
    expect(tab.page.get_by_label("Nachricht", exact=True)).to_be_visible()
    answers: list[Response] = []
    tab.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks its listeners
    tab.page.evaluate("(name) => void (document.querySelector('openai-chatkit').locale = name)", locale)
    message = tab.page.get_by_label("Message", exact=True)
    message.fill("x")
    message.press("Enter")
    expect(tab.answer_texts).to_have_text("You said: x")
    assert [each.url for each in answers if not each.ok] == []
    tab.close()
    tab.assert_well_behaved()


def test_a_language_that_does_not_arrive_is_english(shared_server: ServerProcess, browser: Browser) -> None:
    """The chat waits for no words: it can be used in English, and another language can be asked for."""
    tab = element_page(shared_server, browser, handle="lost", workflow="examples.echo:answer", locale="en")
    tab.page.route("**/assets/it-*.js*", lambda route: route.abort())
    tab.page.evaluate("say({locale: 'it'})")
    message = tab.page.get_by_label("Message", exact=True)
    message.fill("x")
    message.press("Enter")
    expect(tab.answer_texts).to_have_text("You said: x")
    tab.page.evaluate("say({locale: 'pl'})")
    expect(tab.page.get_by_label("Wiadomość", exact=True)).to_be_visible()
    tab.close()
    tab.assert_complained_of("Failed to load resource: net::ERR_FAILED")
    tab.assert_well_behaved()


def test_two_chats_on_a_page_speak_their_own_languages(shared_server: ServerProcess, browser: Browser) -> None:
    """Also when one of them is drawn again and again while the other stands still."""
    tab = element_page(shared_server, browser, handle="two", workflow="tests.e2e.gated_workflows:held", locale="de")
    expect(tab.page.get_by_label("Nachricht", exact=True)).to_be_visible()
    tab.page.evaluate(
        """() => {
          const other = document.createElement("openai-chatkit");
          document.body.append(other);
          const chat = document.querySelector("openai-chatkit");
          chat.setOptions = new Proxy(chat.setOptions, {apply: (call, self, [options]) => {
            call.call(self, options);
            other.setOptions({...options, locale: "he"});
          }});
          say({});
        }"""
    )
    message = tab.page.get_by_label("Nachricht", exact=True)
    expect(tab.page.get_by_label("הודעה", exact=True)).to_be_visible()
    message.fill("two")
    message.press("Enter")
    expect(tab.page.get_by_role("button", name="Stoppen")).to_be_enabled()
    shared_server.gates.open("two")
    expect(tab.page.get_by_role("button", name="Senden")).to_be_visible()
    expect(tab.page.get_by_text("מה ברצונך לשאול?")).to_be_visible()
    tab.close()
    tab.assert_well_behaved()
