"""What the page on reverse proxies says of paths and sizes."""

import re
from inspect import signature
from unittest.mock import MagicMock

from orcheo_adapters.http.routes import routes
from orcheo_core.domain.attachments import AttachmentRules
from tests.docs.pages import ROOT

_PAGE = (ROOT / "docs/how-to/run-behind-a-reverse-proxy.md").read_text("utf-8")
_OWNERS = ("/api/workflows", "/api/threads", "/api/audit", "/api/server", "/api/operations", "/api/canvas", "/canvas")


def test_every_path_that_others_than_owners_need_is_on_the_page() -> None:
    """A proxy that passes only these must not break the bubble, the element in other pages, or OpenAI's session API."""
    every = routes(**{name: MagicMock() for name in signature(routes).parameters})
    paths = {str(vars(each)["path"]) for each in every}
    named = set(re.findall(r"`(/[^`\s]*)`", _PAGE))
    passed = tuple(each.removesuffix("…") for each in named if each.endswith("…"))
    missing = {each for each in paths - named if not each.startswith((*passed, *_OWNERS))}
    assert missing == {"/", "/openapi.json"}


def test_the_example_lets_the_largest_file_through() -> None:
    """With room for what is around it in the request."""
    (allowed,) = re.findall(r"client_max_body_size (\d+)m;", _PAGE)
    assert int(allowed) * 1024 * 1024 > AttachmentRules().max_size
