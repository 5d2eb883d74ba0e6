"""Keeping a secret out of a conversation: it goes into a private file instead."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Any

from attrs import frozen

from orcheo_adapters.mcp.offer import SECRET_TO_FILE, AnyOperation
from orcheo_core.errors import FieldError, InvalidInput, UnavailableError
from orcheo_core.operations.words import without_showing
from orcheo_core.operations.workflows import REF_PATTERN


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
        if secret not in result:
            message = f"This was carried out, but the answer has no {secret}: the server is of another version."
            raise SecretNotKept(message)
        try:
            os.write(self.descriptor, f"{result[secret]}\n".encode())
            os.fsync(self.descriptor)
        except OSError as error:
            raise SecretNotKept(f"{SecretNotKept.summary[:-1]} {self.path}: {error.strerror}.") from None
        where = f"The secret is in {self.path} and nowhere else; only the owner of that file can read it."
        return result | {secret: None, "message": f"{without_showing(result.get('message', ''))} {where}".lstrip()}


def default_name(folder: Path | None, operation: AnyOperation, arguments: Mapping[str, Any]) -> str | None:
    """The path of a file that is not there yet, named after what the secret is for; raises :class:`InvalidInput`."""
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            FieldError(SECRET_TO_FILE, f"must be named, as {folder} cannot be made: {error.strerror}")
        ) from None
    ref = arguments.get("ref")
    subject = ref if isinstance(ref, str) and re.fullmatch(REF_PATTERN, ref) else operation.name.partition(".")[0]
    stem = f"{subject}-{str(operation.secret).replace('_', '-')}"
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return str(next(path for path in map(folder.absolute().joinpath, names) if not os.path.lexists(path)))


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
