"""Speech to text."""

from abc import abstractmethod
from typing import Protocol


class Transcriber(Protocol):
    """Turns what a visitor said aloud into text."""

    @abstractmethod
    async def transcribe(self, audio: bytes, mime_type: str) -> str:
        """The words in ``audio``; raises :class:`TranscriptionOff` where the operator has set none up.

        Raises :class:`TranscriptionFailed` when no words came, :class:`InvalidInput` for anything but a recording.
        """
