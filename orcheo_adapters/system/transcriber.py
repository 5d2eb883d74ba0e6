"""No speech recognition."""

from orcheo_core.errors import TranscriptionOff
from orcheo_core.ports.transcriber import Transcriber


class NullTranscriber(Transcriber):
    """Says that it is off: what a server does until its operator sets up another one."""

    async def transcribe(self, audio: bytes, mime_type: str) -> str:  # noqa: ARG002 - the port's signature
        """See the port."""
        raise TranscriptionOff
