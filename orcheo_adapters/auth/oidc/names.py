"""How a visitor is called on screen."""

from collections.abc import Mapping
from typing import Any

from orcheo_core.domain.login import shown_name

_CLAIMS = ("name", "preferred_username", "nickname", "given_name", "email")
"""OpenID Connect Core, section 5.1. The last one is only read, never believed: it may not be the visitor's own."""


def display_name(claims: Mapping[str, Any]) -> str:
    """The first name that can be shown; empty if none can."""
    texts = (claims.get(each) for each in _CLAIMS)
    return next((name for text in texts if isinstance(text, str) and (name := shown_name(text))), "")
