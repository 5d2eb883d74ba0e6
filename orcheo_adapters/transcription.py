"""Speech to text by an endpoint that speaks OpenAI's API of transcriptions, which the operator names."""

import asyncio
from collections.abc import Mapping

import httpx2
from attrs import field, frozen

from orcheo_adapters.connection_faults import what_failed
from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.loose_json import loads
from orcheo_adapters.runners.text import encodable
from orcheo_adapters.settings.values import wrong_setting
from orcheo_adapters.system.logs import get_logger
from orcheo_core.errors import FieldError, InvalidInput, TranscriptionFailed
from orcheo_core.ports.runner import RunFailed
from orcheo_core.ports.transcriber import Transcriber

TIME_LIMIT = 30.0
"""Seconds for the words of one recording; the element waits as long."""

MOST_CHARACTERS = 20_000
"""Of the words of one recording: far more than anyone says in a minute."""

_LOG = get_logger("transcription")
_ENDINGS = {"x-wav": "wav", "wave": "wav", "x-m4a": "m4a", "mpeg": "mp3", "x-flac": "flac"}
"""Endings of file names by which such endpoints know what a recording is, where the media type has another word."""


@frozen(kw_only=True)
class TranscriptionSettings:
    """Which endpoint is asked, and for which model."""

    url: str
    """Of the API, such as ``https://api.openai.com/v1``."""
    model: str
    key: str = field(repr=False)
    """Empty for an endpoint that asks for none."""

    @classmethod
    def load(cls, environment: Mapping[str, str], allowed: AllowedAddresses) -> "TranscriptionSettings":
        """From ``ORCHEO_TRANSCRIPTION_URL`` and its like; :class:`InvalidInput` names the setting that is wrong."""
        url = environment.get("ORCHEO_TRANSCRIPTION_URL", "").strip().rstrip("/")
        try:
            GuardedHttp(allowed).check_url(url)
        except InvalidInput as error:
            raise wrong_setting("ORCHEO_TRANSCRIPTION_URL", error.fields[0].message, hint=error.hint) from None
        model = environment.get("ORCHEO_TRANSCRIPTION_MODEL", "").strip()
        if not model:
            raise wrong_setting("ORCHEO_TRANSCRIPTION_MODEL", "must name the model, such as whisper-1")
        key = environment.get("ORCHEO_TRANSCRIPTION_KEY", "").strip()
        if not (key.isascii() and key.isprintable()):
            raise wrong_setting("ORCHEO_TRANSCRIPTION_KEY", "must be printable ASCII")
        return cls(url=url, model=model, key=key)


class EndpointTranscriber(Transcriber):
    """Sends each recording to the endpoint, and keeps nothing of it."""

    def __init__(self, settings: TranscriptionSettings, *, http: GuardedHttp, time_limit: float = TIME_LIMIT) -> None:
        """Ask over ``http``."""
        self._settings = settings
        self._http = http
        self._time_limit = time_limit

    async def transcribe(self, audio: bytes, mime_type: str) -> str:
        """See the port; what the endpoint says in its error is for the operator's log."""
        recording = f"recording.{_ending_of(mime_type)}", audio, mime_type
        headers = {"authorization": f"Bearer {self._settings.key}"} if self._settings.key else {}
        try:
            async with asyncio.timeout(self._time_limit), self._http.client() as client:
                answer = await client.post(
                    f"{self._settings.url}/audio/transcriptions",
                    headers=headers,
                    files={"file": recording},
                    data={"model": self._settings.model, "response_format": "json"},
                )
            return _text_in(answer)
        except TimeoutError:
            problem = f"no answer within {self._time_limit:g} s"
        except (httpx2.HTTPError, OSError, RunFailed, ValueError, RecursionError) as error:
            problem = what_failed(error)
        _LOG.error("a recording was not transcribed: %s", problem)
        raise TranscriptionFailed


def _ending_of(mime_type: str) -> str:
    """The usual ending of a file of this media type; raises :class:`InvalidInput` for anything but sound."""
    kind, _, sort = mime_type.partition(";")[0].strip().lower().partition("/")
    if kind not in ("audio", "video") or not sort.replace("-", "").isalnum() or not sort.isascii():
        raise InvalidInput(FieldError("mime_type", "must be the media type of a recording, such as audio/webm"))
    return _ENDINGS.get(sort, sort)


def _text_in(answer: httpx2.Response) -> str:
    """Raises :class:`ValueError` for an answer without it."""
    if not answer.is_success:
        excerpt = " ".join(answer.text[:500].split())
        raise ValueError(f"the endpoint answered with status {answer.status_code}: {excerpt}")
    document = loads(answer.content)
    text = document.get("text") if isinstance(document, dict) else None
    if not isinstance(text, str):
        message = "the endpoint's answer has no text"
        raise ValueError(message)
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"the endpoint's answer has {len(text):,} characters; {MOST_CHARACTERS:,} are allowed")
    return encodable(text.strip())
