"""The users of an app: people whom a program names when it opens chat sessions with its publish token."""

import json
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from orcheo_core.domain.json_values import is_flat
from orcheo_core.domain.login import shown_name
from orcheo_core.domain.shown_text import check_name
from orcheo_core.errors import FieldError, InvalidInput

USER_LENGTH = 128
METADATA_LENGTH = 4_096
"""Bytes of the metadata as JSON in UTF-8."""
METADATA_DEPTH = 10


def _check_user(_app_user: object, _attribute: object, user: str) -> None:
    check_name("user", user, longest=USER_LENGTH)
    if user != user.strip():
        raise InvalidInput(FieldError("user", "must not begin or end with a blank"))


def _check_metadata(_app_user: object, _attribute: object, metadata: Mapping[str, Any]) -> None:
    if not is_flat(metadata, METADATA_DEPTH):
        raise InvalidInput(FieldError("metadata", f"must be nested at most {METADATA_DEPTH} levels deep"))
    text = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode("utf-8", "surrogatepass")) > METADATA_LENGTH:
        raise InvalidInput(FieldError("metadata", f"must be at most {METADATA_LENGTH:,} bytes of JSON"))


def _shown_or_none(name: str | None) -> str | None:
    return shown_name(name or "") or None


@frozen(kw_only=True)
class AppUser:
    """One user of an app; the app vouches for all of it.

    ``user`` is the app's own name for them, compared character by character; who holds the same publish token and
    gives the same ``user`` is the same person to us. ``display_name`` is for reading only; ``metadata`` is any JSON
    object for the workflow. Neither of them can be changed by the user.
    """

    user: str = field(validator=_check_user)
    display_name: str | None = field(default=None, converter=_shown_or_none)
    metadata: Mapping[str, Any] = field(factory=dict, validator=_check_metadata)
