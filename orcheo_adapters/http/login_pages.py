"""The pages around signing in: choosing a provider, the trial form, what follows them."""

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from starlette.responses import Response

from orcheo_adapters.auth.dev_login import DEV_LOGIN_NAME
from orcheo_adapters.http.page_words import Words
from orcheo_adapters.http.plain_pages import plain_page

LONGEST_NAME = 40


def choice(words: Words, providers: Iterable[tuple[str, str]], return_path: str) -> Response:
    """Which identity provider? Each by name and title."""
    to = {"to": return_path} if return_path else {}
    ways = "".join(
        f'<li><a class="way" dir="auto" href="/auth/login?{escape(urlencode({"provider": name, **to}))}">'
        f"{words.html('trialTitle') if name == DEV_LOGIN_NAME else escape(title)}</a></li>"
        for name, title in providers
    )
    return plain_page(words, "signIn", f"<p>{words.html('choose')}</p><ul>{ways}</ul>")


def trial(words: Words, state: str) -> Response:
    """Who do you want to be?"""
    return plain_page(
        words,
        "trialTitle",
        f'<p class="warn" role="note">{words.html("trialText")}</p>'
        '<form action="/auth/callback" method="get">'
        f'<input type="hidden" name="state" value="{escape(state)}">'
        f'<label for="name">{words.html("name")}</label>'
        f'<input id="name" name="code" required maxlength="{LONGEST_NAME}" dir="auto" autocomplete="off" autofocus>'
        f"<button>{words.html('signIn')}</button></form>",
    )


def signed_in(words: Words, display_name: str, return_path: str | None = None) -> Response:
    """For those who came from nowhere, and for who asks in a browser that is signed in."""
    text = f"<p>{words.html('signedInText', name=_isolated(display_name))}</p>"
    return plain_page(words, "signedInTitle", f"{text}{_back(words, return_path)}")


def signed_out(words: Words, where: str, end_url: str | None, return_path: str | None) -> Response:
    """Signed out here, perhaps not at the provider: the next person at this computer could sign in with one click."""
    host = _isolated(where)
    there = (
        f"<p>{words.html('signedOutText', host=host)}</p>"
        f'<nav><a class="way" href="{escape(end_url)}" rel="noreferrer">{words.html("signOutAt", host=host)}</a></nav>'
        if end_url
        else ""
    )
    return plain_page(words, "signedOutTitle", f"{there}{_back(words, return_path)}")


def _back(words: Words, return_path: str | None) -> str:
    return f'<p><a href="{escape(return_path)}">{words.html("backToChat")}</a></p>' if return_path else ""


def way_back(words: Words, path: str | None) -> str:
    """Below an error: the link to the chat that the visitor came from, or how to get there without one."""
    if path is None:
        return f"<p>{words.html('tryAgainByLink')}</p>"
    return f'<nav><a class="way" href="{escape(path)}">{words.html("backToChat")}</a></nav>'


def _isolated(text: str) -> str:
    """A name in the direction of its own letters, in a sentence of any direction."""
    return f"<bdi>{escape(text)}</bdi>"
