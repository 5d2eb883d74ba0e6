"""Small pages for people around the chat page: plain HTML without scripts, which the caller has escaped."""

from html import escape
from secrets import token_urlsafe

from starlette.responses import HTMLResponse

from orcheo_adapters.http.page_words import Words
from orcheo_core.errors import NotFoundError, OrcheoError, RateLimited

_CSP = "; ".join(
    (
        "default-src 'none'",
        "style-src 'nonce-{nonce}'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_STYLE = """
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1f2124; --soft: #5d6167; --edge: #85898e; --accent: #1f5f5b;
  --on: #fff; --warn: #fdf3d7; --code: #f1f1ee; }
@media (prefers-color-scheme: dark) {
  :root { --page: #161718; --ink: #ececea; --soft: #a4a8ad; --edge: #777b80; --accent: #86c5be; --on: #0f2422;
    --warn: #3a3117; --code: #27292b; }
}
body { margin: 0; min-block-size: 100dvh; display: grid; place-content: center; background: var(--page);
  color: var(--ink); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { inline-size: min(26rem, 100vw - 3rem); padding-block: 2rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.3; letter-spacing: -.01em; margin: 0 0 .75rem; text-wrap: balance; }
[dir="rtl"] h1 { letter-spacing: normal; }
p { margin: 0 0 1rem; }
code { font: .875em ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; background: var(--code);
  padding: .12em .35em; border-radius: .35rem; white-space: nowrap; }
.soft, small { color: var(--soft); }
.warn { background: var(--warn); padding: .6rem .9rem; border-radius: .6rem; }
ul { list-style: none; padding: 0; margin: 0; display: grid; gap: .6rem; }
a { color: var(--accent); }
a.way, button { display: block; box-sizing: border-box; inline-size: 100%; padding: .6rem 1rem; border-radius: 999px;
  text-align: center; font: inherit; font-weight: 550; text-decoration: none; cursor: pointer; margin-block: 1rem;
  border: 1px solid transparent; background: var(--accent); color: var(--on); }
ul a.way { margin: 0; }
label { display: block; margin-block-end: .3rem; }
input { display: block; box-sizing: border-box; inline-size: 100%; font: inherit; padding: .55rem .8rem; color: inherit;
  background: transparent; border: 1px solid var(--edge); border-radius: .6rem; margin-block-end: 1rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (pointer: coarse) { p > a:only-child { padding-block: .8rem; } }
"""


def plain_page(words: Words, title: str, body: str, status: int = 200) -> HTMLResponse:
    """A page whose headline is the phrase ``title``; ``body`` is HTML.

    The answer varies by ``Accept-Language``, and by ``Accept``, since programs get a problem instead of many pages.
    """
    nonce = token_urlsafe(16)
    headline = words.html(title)
    html = (
        f'<!doctype html><html lang="{words.language}" dir="{words.direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{headline}</title><style nonce="{nonce}">{_STYLE}</style></head>'
        f"<body><main><h1>{headline}</h1>{body}</main></body></html>"
    )
    headers = {
        "cache-control": "no-store",
        "content-language": words.language,
        "content-security-policy": _CSP.format(nonce=nonce),
        "vary": "Accept, Accept-Language",
    }
    return HTMLResponse(html, status, headers)


def front_page(words: Words) -> HTMLResponse:
    """The page at the bare address of the server."""
    return plain_page(words, "frontTitle", f"<p>{words.html('frontText')}</p>{_hint_to_both(words)}")


def problem_page(
    words: Words, error: OrcheoError, request_id: str, status: int, *, title: str = "", more: str = ""
) -> HTMLResponse:
    """An error in the visitor's language, or in the words of its problem; ``more`` is HTML below them.

    An unknown address says what a person may have been looking for instead.
    """
    footer = f'<small dir="ltr">{escape(error.code)} · {escape(request_id)}</small>'
    if type(error) is NotFoundError:
        return plain_page(words, "notFoundTitle", f"{_hint_to_both(words)}{footer}", status)
    said = f'<div role="alert">{_said_of(words, error)}</div>'
    return plain_page(words, title or "errorTitle", f"{said}{more}{footer}", status)


def _said_of(words: Words, error: OrcheoError) -> str:
    """The phrase for the error's code; without one, as in English and for developers, the error's own text."""
    key = f"error_{error.code}"
    if key not in words.phrases:
        own = f'<p>{escape(error.detail)}</p><p class="soft">{escape(error.hint)}</p>'
        return f'<div lang="en" dir="ltr">{own}</div>'
    places = {"seconds": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return f"<p>{words.html(key, **places)}</p>"


def _hint_to_both(words: Words) -> str:
    visitor = words.html("linkHint", address=_code("/chat/name"))
    owner = words.html("ownerHint", list=_code("orcheo workflow list"), show=_code("orcheo workflow show NAME"))
    return f'<p>{visitor}</p><p class="soft">{owner}</p>'


def _code(text: str) -> str:
    return f'<code dir="ltr">{text}</code>'
