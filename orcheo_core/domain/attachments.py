"""Attachments: files that visitors send along."""

import re
from datetime import datetime

from attrs import evolve, field, frozen

from orcheo_core.domain.shown_text import check_name, plain_blanks
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import FieldError, InvalidInput

MOST_IN_A_MESSAGE = 100
"""As many attachments as one visitor may have unsent by default."""
_NAME_LENGTH = 255
_IMAGE = "image/"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
"""RFC 6838, section 4.2, in lower case."""
_EXECUTED = frozenset(
    {"application/javascript", "application/ecmascript", "application/xml", "text/html", "text/javascript", "text/xml"}
)


def _file_name(path: str) -> str:
    """The last part of a path: some systems send the folders along."""
    parts = [each for each in re.split(r"[/\\]", plain_blanks(path)) if each.strip(" .")]
    return parts[-1] if parts else ""


def _check_name(_attachment: object, _attribute: object, name: str) -> None:
    check_name("name", name, longest=_NAME_LENGTH)


@frozen(kw_only=True)
class Attachment:
    """One file of one visitor: announced first, then uploaded, then sent with a message of a thread.

    ``size`` is in bytes; what is uploaded must have just that many.
    """

    id: str
    workflow_id: str
    subject: Subject
    name: str = field(converter=_file_name, validator=_check_name)
    mime_type: str
    size: int
    created_at: datetime
    is_uploaded: bool = False
    thread_id: str | None = None

    @property
    def is_image(self) -> bool:
        """Whether a page can show it as a picture."""
        return self.mime_type.startswith(_IMAGE)

    def uploaded(self) -> "Attachment":
        """Its bytes are durable."""
        return evolve(self, is_uploaded=True)

    def sent_in(self, thread_id: str) -> "Attachment":
        """It belongs to a message of this thread from now on."""
        return evolve(self, thread_id=thread_id)


@frozen(kw_only=True)
class AttachmentRules:
    """What an operator lets visitors send."""

    max_size: int = 10 * 1024 * 1024
    """Bytes of one file."""
    types: frozenset[str] = frozenset(
        {
            "image/png",
            "image/jpeg",
            "image/gif",
            "image/webp",
            "application/pdf",
            "text/plain",
            "text/markdown",
            "text/csv",
            "application/json",
        }
    )
    """Media types; nothing that a browser would execute in the server's origin."""

    def with_types(self, more: frozenset[str]) -> "AttachmentRules":
        """These rules, for the media types ``more`` too; raises ValueError for what is not one, or is not safe."""
        for each in sorted(more):
            if not _MEDIA_TYPE.fullmatch(each):
                message = f"{each} is not a media type such as application/zip"
                raise ValueError(message)
            if each in _EXECUTED or each.endswith("+xml"):
                message = f"{each} is not allowed: a browser that opens such a file would execute it"
                raise ValueError(message)
        return evolve(self, types=self.types | more)

    def check(self, *, size: int, mime_type: str) -> None:
        """Raise :class:`InvalidInput` for a file that may not be sent."""
        if mime_type not in self.types:
            raise InvalidInput(FieldError("mime_type", f"must be one of {', '.join(sorted(self.types))}"))
        if not 0 < size <= self.max_size:
            raise InvalidInput(FieldError("size", f"must be 1 to {self.max_size} bytes", self.max_size))
