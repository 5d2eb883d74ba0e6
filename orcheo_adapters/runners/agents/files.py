"""Files of a message, as agents get them: with their bytes, never as addresses of this server."""

import base64
from functools import cached_property

from attrs import define, field

from orcheo_adapters.runners.text import decoded
from orcheo_core.domain.run import SentFile

_KINDS = frozenset({"image", "audio", "video"})


@define(slots=False)
class ReadFile:
    """A file of the message."""

    name: str
    mime_type: str
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, sent: SentFile) -> "ReadFile":
        """Read a file; this blocks."""
        return cls(sent.name, sent.mime_type, sent.read())

    @property
    def kind(self) -> str:
        """``image``, ``audio``, ``video``, ``text`` or ``file``."""
        kind = self.mime_type.partition("/")[0]
        return kind if kind in _KINDS or kind == "text" else "file"

    @property
    def text(self) -> str | None:
        """The file as a part of the message, under its name; None for other files."""
        return f"{self.name}:\n\n{decoded(self.data)}" if self.kind == "text" else None

    @cached_property
    def base64(self) -> str:
        """The bytes in Base64."""
        return base64.b64encode(self.data).decode()

    @property
    def data_url(self) -> str:
        """The bytes as a ``data:`` URL."""
        return f"data:{self.mime_type};base64,{self.base64}"
