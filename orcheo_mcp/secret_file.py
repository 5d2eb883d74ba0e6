"""Keeping a publish token out of a conversation: it goes into a private file instead."""

import os
from pathlib import Path
from typing import Any

from orcheo_core.errors import FieldError, InvalidInput

ARGUMENT = "secret_to_file"
SCHEMA = {
    "anyOf": [{"type": "string"}, {"type": "null"}],
    "default": None,
    "description": "Write the publish token to this new file (mode 0600) instead of showing it.",
}


def open_new(name: object) -> int:
    """Make the file before anything else happens, so that no token is issued that could not be kept.

    Returns its descriptor; raises :class:`InvalidInput`.
    """
    if not isinstance(name, str) or not name:
        raise InvalidInput(FieldError(ARGUMENT, "must be the path of a new file"))
    try:
        return os.open(Path(name).expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput(FieldError(ARGUMENT, f"cannot be made: {error.strerror}")) from None


def move_secret(result: dict[str, Any], descriptor: int, name: str) -> dict[str, Any]:
    """The result without its publish token, which is in the file now."""
    os.write(descriptor, f"{result['publish_token']}\n".encode())
    os.fsync(descriptor)
    return result | {"publish_token": None, "message": f"{result['message']} The publish token is in {name}."}
