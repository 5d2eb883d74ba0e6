"""The pages around signing in: choosing a provider, the trial form, what follows them."""

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from starlette.responses import Response

from orcheo_adapters.http.plain_pages import plain_page

LONGEST_NAME = 40


def choice(providers: Iterable[tuple[str, str]], return_path: str) -> Response:
    """Which identity provider? Each by name and title."""
    to = {"to": return_path} if return_path else {}
    ways = "".join(
        f'<li><a class="way" href="/auth/login?{escape(urlencode({"provider": name, **to}))}">{escape(title)}</a></li>'
        for name, title in providers
    )
    return plain_page("Sign in", f"<p>Choose how you want to sign in.</p><ul>{ways}</ul>")


def trial(state: str) -> Response:
    """Who do you want to be?"""
    return plain_page(
        "Trial sign-in",
        '<p class="warn" role="note">This form is for trying things out on this machine. '
        "It asks for no password: anyone can sign in under any name.</p>"
        '<form action="/auth/callback" method="get">'
        f'<input type="hidden" name="state" value="{escape(state)}">'
        '<label for="name">Name</label>'
        f'<input id="name" name="code" required maxlength="{LONGEST_NAME}" autocomplete="off" autofocus>'
        "<button>Sign in</button></form>",
    )


def signed_in(display_name: str) -> Response:
    """For those who came from nowhere."""
    return plain_page(
        "You are signed in", f"<p>As {escape(display_name)}. Open the chat again with its share link.</p>"
    )


def signed_out(where: str, end_url: str | None, return_path: str | None) -> Response:
    """Signed out here, perhaps not at the provider: the next person at this computer could sign in with one click."""
    there = (
        f"<p>You may still be signed in at {escape(where)}. On a shared computer, sign out there as well.</p>"
        f'<nav><a class="way" href="{escape(end_url)}" rel="noreferrer">Sign out at {escape(where)}</a></nav>'
        if end_url
        else ""
    )
    back = f'<p><a href="{escape(return_path)}">Back to the chat</a></p>' if return_path else ""
    return plain_page("You are signed out", f"{there}{back}")


def way_back(path: str | None) -> str:
    """Below an error: the link to the chat that the visitor came from, or how to get there without one."""
    if path is None:
        return "<p>To try again, open the chat with its share link.</p>"
    return f'<nav><a class="way" href="{escape(path)}">Back to the chat</a></nav>'
