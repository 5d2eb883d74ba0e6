"""The server's own pages in the visitor's language."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from orcheo_adapters.auth.dev_login import DEV_LOGIN_NAME
from orcheo_adapters.http import login_pages, plain_pages
from orcheo_adapters.http.negotiation import preferred_languages
from orcheo_adapters.http.page_words import Words, words_for
from orcheo_core.errors import LoginDenied, MalformedRequest, NotFoundError, OrcheoError, RateLimited
from tests.app_server import TestServer, build_app_server
from tests.fakes.clock import FakeClock
from tests.servers.bad_provider import BadProvider

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "orcheo_adapters" / "http" / "languages"
ELEMENT = ROOT / "web" / "src" / "element"
BROWSER = {"accept": "text/html,application/xhtml+xml"}
FILES = {each.stem: json.loads(each.read_text("utf-8")) for each in FOLDER.glob("*.json")}
ENGLISH = FILES["en"]
OTHERS = sorted(FILES.keys() - {"en"})
SAID_BY_THE_ELEMENT = {
    "signIn": "signIn",
    "backToChat": "closeHistory",
    "error_login_not_set_up": "loginMissing",
    "error_internal_error": "error_internal_error",
    "error_shared_budget_exceeded": "error_shared_budget_exceeded",
    "error_storage_unavailable": "error_storage_unavailable",
}
"""Phrases of the pages, and the key under which the chat element says the same."""
UNSEEN = {"invalid_input", "headers_too_large", "request_timed_out"}
"""What a visitor meets only after changing an address by hand, and what is refused before a page could be."""
RATE = RateLimited(policy="logins", amount=60, window_seconds=60, retry_after=7)
PAGES: dict[Callable[..., Any], Callable[[Words], Response | str]] = {
    login_pages.choice: lambda words: login_pages.choice(words, [("main", "42"), (DEV_LOGIN_NAME, "Trial")], "/1"),
    login_pages.trial: lambda words: login_pages.trial(words, "1"),
    login_pages.signed_in: lambda words: login_pages.signed_in(words, "1"),
    login_pages.signed_out: lambda words: login_pages.signed_out(words, "1", "https://2", "/3"),
    login_pages.way_back: lambda words: login_pages.way_back(words, "/1") + login_pages.way_back(words, None),
    plain_pages.plain_page: lambda words: plain_pages.plain_page(words, "errorTitle", ""),
    plain_pages.front_page: plain_pages.front_page,
    plain_pages.problem_page: lambda words: plain_pages.problem_page(words, RATE, "1", 429),
}


def places(phrase: str) -> list[str]:
    """Those of a phrase, in order of their names."""
    return sorted(re.findall(r"\{(\w*)\}", phrase))


def text_of(page: Response | str) -> str:
    """What a person reads of a page, its title included; code is the same in every language."""
    html = page if isinstance(page, str) else bytes(page.body).decode()
    html = re.sub(r"<(style|code|small)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "\n", html)


async def codes_of_pages(app_server: TestServer) -> set[str]:
    """The codes in the OpenAPI document of routes that answer people with a page of their own."""
    paths = (await app_server.client.get("/openapi.json")).json()["paths"]
    answers = [
        answer["description"]
        for path, methods in paths.items()
        if path.startswith("/auth/") and "get" in methods
        for answer in methods["get"]["responses"].values()
    ]
    named = (each.removeprefix("Code ").rstrip(".") for each in answers if each.startswith("Code "))
    return {code for each in named for code in each.split(", ")}


def test_the_languages_are_those_of_the_chat_element() -> None:
    """A visitor reads one language all the way."""
    assert {each.stem for each in (ELEMENT / "languages").glob("*.json")} == set(OTHERS)
    listed = re.search(r"RIGHT_TO_LEFT = new Set\(\[(.*)\]\)", (ELEMENT / "languages.ts").read_text("utf-8"))
    assert listed is not None
    rtl = {name for name in FILES if words_for(name).direction == "rtl"}
    assert rtl == set(re.findall(r'"(\w+)"', listed[1]))


@pytest.mark.parametrize("name", OTHERS)
async def test_a_language_has_every_phrase(app_server: TestServer, name: str) -> None:
    """With the same places, and one phrase for each error that a visitor may meet; none is left over."""
    phrases = FILES[name]
    codes = {*(await codes_of_pages(app_server) - UNSEEN), "host_not_allowed", "internal_error"}
    assert {"login_denied", "rate_limited"} <= codes
    assert phrases.keys() == ENGLISH.keys() | {f"error_{code}" for code in codes}
    assert {key: places(phrases[key]) for key in ENGLISH} == {key: places(ENGLISH[key]) for key in ENGLISH}
    errors = {key: places(phrases[key]) for key in phrases.keys() - ENGLISH.keys()}
    assert errors == {key: ["seconds"] if key == "error_rate_limited" else [] for key in errors}
    assert [key for key, phrase in phrases.items() if not phrase or phrase != phrase.strip()] == []


@pytest.mark.parametrize("name", OTHERS)
def test_what_the_chat_element_says_too_is_said_in_the_same_words(name: str) -> None:
    """A correction of one is a correction of both."""
    element = json.loads((ELEMENT / "languages" / f"{name}.json").read_text("utf-8"))
    said = {key: FILES[name][key] for key in SAID_BY_THE_ELEMENT}
    assert said == {key: element[other] for key, other in SAID_BY_THE_ELEMENT.items()}


def test_no_page_has_a_sentence_of_its_own() -> None:
    """Where each phrase is only its places, nothing is left to read but the values; each phrase is on some page."""
    functions = [
        each
        for module in (login_pages, plain_pages)
        for name, each in inspect.getmembers(module, inspect.isfunction)
        if each.__module__ == module.__name__ and not name.startswith("_")
    ]
    assert set(functions) == PAGES.keys()
    phrases = FILES["de"]
    silent = Words(
        language="x", phrases={key: " ".join(f"{{{p}}}" for p in places(text)) for key, text in phrases.items()}
    )
    marked = Words(language="x", phrases={key: f"«{key}» {silent.phrases[key]}" for key in phrases})
    errors = [NotFoundError(), *(_error(key.removeprefix("error_")) for key in phrases if key.startswith("error_"))]
    problems = [lambda words, e=each: plain_pages.problem_page(words, e, "1", 400) for each in errors]
    drawn = [*PAGES.values(), *problems]
    assert [text for draw in drawn if re.search(r"[^\W\d_]", text := text_of(draw(silent)))] == []
    shown = {key for draw in drawn for key in re.findall("«(.*?)»", text_of(draw(marked)))}
    assert shown == phrases.keys() - {"signInFailedTitle"}  # shown by `login.py`, and asked for below


def _error(code: str) -> OrcheoError:
    if code == RATE.code:
        return RATE
    error = OrcheoError()
    error.code = code  # type: ignore[misc]  # stands for the class of this code
    return error


def test_an_error_without_a_phrase_says_in_english_what_it_is() -> None:
    """And screen readers pronounce it so; in English all are in their own, more exact words."""
    arabic = bytes(plain_pages.problem_page(words_for("ar"), MalformedRequest("No <b>."), "1", 400).body).decode()
    assert '<div lang="en" dir="ltr"><p>No &lt;b&gt;.</p>' in arabic
    english = bytes(plain_pages.problem_page(words_for("en"), LoginDenied("This name is empty."), "1", 403).body)
    assert b"<p>This name is empty.</p>" in english


def test_phrases_cannot_bring_markup() -> None:
    """A translator's slip stays text, and a name cannot name another place."""
    words = Words(language="x", phrases={"a": "<b>&{name}"})
    assert words.html("a", name="{name}<i>") == "&lt;b&gt;&amp;{name}<i>"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("sw, fr;q=0.5", "fr"),
        ("fr;q=0.5, de;q=0.7", "de"),
        ("fr;q=0.5, de;q=0.5", "fr"),
        ("DE", "de"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("de;q=0", "en"),
        ("sw, *", "en"),
        ("*, de;q=0.5", "en"),
        ("pt-BR", "pt"),
        ("nn-NO, en", "nb"),
        ("no", "nb"),
        ("iw", "he"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("yue", "zh-Hant"),
    ],
)
def test_the_most_wanted_language_that_there_is_is_chosen(header: str, name: str) -> None:
    """By weight, then by order (RFC 9110, section 12.5.4); a region does not matter, but for Chinese."""
    assert words_for(header).language == name


@pytest.mark.parametrize(
    "header",
    [
        ",,;;,=",
        "de;q=2",
        "de;q=nan",
        "de;q=-1",
        "de;q=" + "9" * 5_000,
        "../../de",
        "de/../ar",
        "-de",
        "de\x00",
        "x" * 100_000,
        ";q=" * 50_000,
        "sw," * 20_000 + "de",
        '"><script>alert(1)</script>',
        "ｄｅ",
    ],
)
def test_a_hostile_header_is_english(header: str) -> None:
    """It is compared with names of files and nothing else. Findings: no header raises."""
    assert words_for(header).language == "en"


def test_a_long_header_counts_up_to_its_bound() -> None:
    """What was cut in two at the bound is not taken for another language."""
    begin = "sw-aaaa," * 124 + "swa-x,"  # 998 characters
    assert [words_for(begin + end).language for end in ("de", "de,fr", "dexx")] == ["de", "en", "en"]
    assert words_for("de," + begin * 100).language == "de"
    assert len(preferred_languages(",".join(f"a{n}" for n in range(100_000)))) < 300


@pytest.mark.parametrize(
    ("path", "language", "direction", "said"),
    [
        ("/", "de", "ltr", "Dies ist ein Orcheo-Server"),
        ("/chat/", "ar", "rtl", "لا توجد صفحة هنا"),
        ("/auth/login?to=/chat/echo", "he", "rtl", "יש לבחור איך להיכנס."),
        ("/auth/signed-out?provider=trial", "fa", "rtl", "خارج شده‌اید"),
        ("/auth/callback?state=x", "ur", "rtl", "آپ کو سائن اِن نہیں کیا جا سکا"),
        ("/auth/login?provider=none", "zh-Hant", "ltr", "未能登入"),
        ("/api/workflows", "fr", "ltr", "Cela n’a pas fonctionné"),
    ],
)
async def test_pages_are_in_the_language_of_the_browser(path: str, language: str, direction: str, said: str) -> None:
    """Caches are told that they vary, and nothing is remembered."""
    provider = BadProvider(clock=FakeClock())
    async with build_app_server(provider=provider, environment={"ORCHEO_DEV_LOGIN": "on"}) as app_server:
        headers = BROWSER | {"accept-language": f"sw, {language};q=0.9, en;q=0.5"}
        page = await app_server.client.get(path, headers=headers)
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert said in page.text
    assert page.headers["content-language"] == language
    varied = {each.strip().lower() for each in page.headers["vary"].split(",")}
    assert {"accept", "accept-language"} <= varied
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers


async def test_a_page_for_an_unknown_host_is_in_the_language_of_the_browser(app_server: TestServer) -> None:
    """Also where the header comes in several lines."""
    headers = [("host", "old.example.org"), ("accept", "text/html")]
    languages = [("accept-language", "en;q=0.1"), ("accept-language", "de")]
    page = await app_server.client.get("/chat/echo", headers=[*headers, *languages])
    assert (page.status_code, FILES["de"]["error_host_not_allowed"] in page.text) == (403, True)


async def test_a_wait_is_named_in_the_language_of_the_browser() -> None:
    """The number is that of the header."""
    async with build_app_server(environment={"ORCHEO_DEV_LOGIN": "on"}) as app_server:
        pages = [
            await app_server.client.get("/auth/login", headers=BROWSER | {"accept-language": "de"}) for _ in range(61)
        ]
    page = pages[-1]
    assert page.status_code == 429
    assert f"Versuchen Sie es in {page.headers['retry-after']} s erneut." in page.text
