"""Keeping a secret out of a conversation: it goes into a private file instead."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from orcheo_adapters.mcp.offer import SECRET_TO_FILE
from orcheo_core.errors import FieldError, InvalidInput, UnavailableError


class SecretNotKept(UnavailableError):
    """The operation was carried out, but its secret could not be written and is lost."""

    code = "secret_not_kept"
    summary = "The secret was issued but could not be written to the file."
    hint = "Rotate it, or ask for a new one, and choose another file."


@frozen
class SecretFile:
    """A new file that only its owner can read."""

    path: Path
    descriptor: int

    def keep(self, result: dict[str, Any], secret: str) -> dict[str, Any]:
        """The result without the field ``secret``, which is in the file now; raises :class:`SecretNotKept`."""
        try:
            os.write(self.descriptor, f"{result[secret]}\n".encode())
            os.fsync(self.descriptor)
        except OSError as error:
            raise SecretNotKept(f"{SecretNotKept.summary[:-1]} {self.path}: {error.strerror}.") from None
        message = f"Done. The secret is in {self.path} and nowhere else; only the owner of that file can read it."
        return result | {secret: None, "message": message}


@contextmanager
def new_secret_file(name: object) -> Iterator[SecretFile]:
    """Make the file before anything else happens, so that no secret is issued that could not be kept.

    When what follows fails, the file goes again. Raises :class:`InvalidInput`.
    """
    if not isinstance(name, str) or not name:
        raise InvalidInput(FieldError(SECRET_TO_FILE, "must be the path of a new file"))
    file = _open(name)
    try:
        yield file
    except BaseException:
        file.path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file.descriptor)


def _open(name: str) -> SecretFile:
    """A relative path is refused: it would begin in whatever folder the assistant started this program in."""
    try:
        path = Path(name).expanduser()
        if not path.is_absolute():
            raise InvalidInput(
                FieldError(SECRET_TO_FILE, f"must be an absolute path, such as {Path.home() / path.name}")
            )
        return SecretFile(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise InvalidInput(FieldError(SECRET_TO_FILE, "must be a new file: a file of this name exists")) from None
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a zero byte; RuntimeError: ~ of an unknown user
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(FieldError(SECRET_TO_FILE, f"cannot be made: {reason}")) from None
