"""The few pages around signing in that are not the chat page: plain HTML without scripts, all text escaped."""

from collections.abc import Iterable
from html import escape
from secrets import token_urlsafe
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

from orcheo_core.errors import OrcheoError

LONGEST_NAME = 40

_CSP = "; ".join(
    (
        "default-src 'none'",
        "style-src 'nonce-{nonce}'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_STYLE = """
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1f2124; --soft: #5d6167; --line: #e2e2dd; --accent: #1f5f5b;
  --on: #fff; --warn: #fdf3d7; }
@media (prefers-color-scheme: dark) {
  :root { --page: #161718; --ink: #ececea; --soft: #a4a8ad; --line: #313335; --accent: #86c5be; --on: #0f2422;
    --warn: #3a3117; }
}
body { margin: 0; min-block-size: 100dvh; display: grid; place-content: center; background: var(--page);
  color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { inline-size: min(24rem, 100vw - 3rem); padding-block: 2rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .75rem; }
p { margin: 0 0 1rem; }
.soft, small { color: var(--soft); }
.warn { background: var(--warn); padding: .6rem .9rem; border-radius: .6rem; }
ul { list-style: none; padding: 0; margin: 0; display: grid; gap: .6rem; }
a.way, button { display: block; box-sizing: border-box; inline-size: 100%; padding: .6rem 1rem; border-radius: 999px;
  text-align: center; font: inherit; font-weight: 550; text-decoration: none; cursor: pointer;
  border: 0; background: var(--accent); color: var(--on); }
label { display: block; margin-block-end: .3rem; }
input { display: block; box-sizing: border-box; inline-size: 100%; font: inherit; padding: .55rem .8rem; color: inherit;
  background: transparent; border: 1px solid var(--soft); border-radius: .6rem; margin-block-end: 1rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""


def choice(providers: Iterable[tuple[str, str]], return_path: str) -> Response:
    """Which identity provider? Each by name and title."""
    to = {"to": return_path} if return_path else {}
    ways = "".join(
        f'<li><a class="way" href="/auth/login?{escape(urlencode({"provider": name, **to}))}">{escape(title)}</a></li>'
        for name, title in providers
    )
    return _page("Sign in", f"<p>Choose how you want to sign in.</p><ul>{ways}</ul>")


def trial(state: str) -> Response:
    """Who do you want to be?"""
    return _page(
        "Trial sign-in",
        '<p class="warn" role="note">This form is for trying things out on this machine. '
        "It asks for no password: anybody can sign in under any name.</p>"
        '<form action="/auth/callback" method="get">'
        f'<input type="hidden" name="state" value="{escape(state)}">'
        '<label for="name">Name</label>'
        f'<input id="name" name="code" required maxlength="{LONGEST_NAME}" autocomplete="off" autofocus>'
        "<button>Sign in</button></form>",
    )


def signed_in(display_name: str) -> Response:
    """For those who came from nowhere."""
    return _page("You are signed in", f"<p>As {escape(display_name)}. Open the chat again with its share link.</p>")


def problem(error: OrcheoError, request_id: str, *, again: str | None) -> Response:
    """An error in the words of its problem; ``again`` is where to go back to."""
    back = f'<p><a class="way" href="{escape(again)}">Back to the chat</a></p>' if again else ""
    return _page(
        "You could not be signed in",
        f'<div role="alert"><p>{escape(error.detail)}</p><p class="soft">{escape(error.hint)}</p></div>{back}'
        f"<small>{escape(error.code)} · {escape(request_id)}</small>",
    )


def _page(title: str, body: str) -> HTMLResponse:
    nonce = token_urlsafe(16)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{title}</title><style nonce="{nonce}">{_STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )
    headers = {"cache-control": "no-store", "content-security-policy": _CSP.format(nonce=nonce)}
    return HTMLResponse(html, headers=headers)
