"""Speech to text: what the endpoint is asked, and what happens when no words come."""

import logging
from collections.abc import Iterator

import pytest

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AllowedAddresses
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.transcription import EndpointTranscriber, TranscriptionSettings
from orcheo_core.errors import InvalidInput, TranscriptionFailed
from tests.servers.serving import running

ENVIRONMENT = {"ORCHEO_TRANSCRIPTION_URL": "https://api.example.org/v1/", "ORCHEO_TRANSCRIPTION_MODEL": "whisper-1"}
HOME = AllowedAddresses.parse("127.0.0.0/8", path="test")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of an API that behaves as the model's name says."""
    with running("tests.servers.openai_server:app") as url:
        yield f"{url}/v1"


def transcriber(url: str, model: str, *, key: str = "", time_limit: float = 30) -> EndpointTranscriber:
    settings = TranscriptionSettings(url=url, model=model, key=key)
    return EndpointTranscriber(settings, http=GuardedHttp(HOME), time_limit=time_limit)


@pytest.mark.network
@pytest.mark.parametrize(
    ("mime_type", "name"),
    [
        ("audio/webm;codecs=opus", "recording.webm"),
        ("Audio/WAV", "recording.wav"),
        ("audio/x-wav", "recording.wav"),
        ("audio/mpeg", "recording.mp3"),
        ("video/mp4", "recording.mp4"),
    ],
)
async def test_the_endpoint_gets_the_recording_with_a_name_that_it_knows(
    endpoint: str, mime_type: str, name: str
) -> None:
    """Endpoints tell by the name of the file what is in it."""
    text = await transcriber(endpoint, "whisper-1", key="sk-1").transcribe(b"sound", mime_type)
    assert text == f"{name} {mime_type} whisper-1 Bearer sk-1"


@pytest.mark.network
async def test_an_endpoint_without_a_key_gets_none(endpoint: str) -> None:
    """Such as a server of one's own."""
    assert (await transcriber(endpoint, "whisper-1").transcribe(b"sound", "audio/webm")).endswith(" None")


@pytest.mark.network
async def test_blanks_around_the_words_are_cut(endpoint: str) -> None:
    """Models begin with one."""
    assert await transcriber(endpoint, "speaks").transcribe(b"sound", "audio/webm") == "A table for two, please."


@pytest.mark.network
async def test_half_a_character_does_not_break_the_answer_to_the_visitor(endpoint: str) -> None:
    """Endpoints that count in UTF-16 cut emoji in two; no JSON of ours can hold a half."""
    assert await transcriber(endpoint, "half-character").transcribe(b"sound", "audio/webm") == "half \ufffd"


@pytest.mark.network
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("refuses", 'the endpoint answered with status 404: {"error":{"message":"no such'),
        ("no-text", "the endpoint's answer has no text"),
        ("no-json", "invalid literal"),
        ("nested", "it has more than 200,000 values"),
        ("many-values", "it has more than 200,000 values"),
        ("endless", "the endpoint's answer has 1,500,000 characters; 20,000 are allowed"),
        ("unknown-charset", "the endpoint answered with status 500: no"),
        ("slow-charset", "the endpoint answered with status 500: aaa"),
        ("hangs", "no answer within 0.5 s"),
    ],
)
async def test_why_no_words_came_is_in_the_log(
    endpoint: str, model: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The visitor is told that it did not work."""
    limit = 0.5 if model == "hangs" else 30
    with caplog.at_level(logging.ERROR), pytest.raises(TranscriptionFailed):
        await transcriber(endpoint, model, time_limit=limit).transcribe(b"sound", "audio/webm")
    assert f"a recording was not transcribed: {reason}" in caplog.text


@pytest.mark.network
async def test_an_endpoint_in_the_own_network_must_be_allowed(caplog: pytest.LogCaptureFixture) -> None:
    """A name may lead there although its URL does not show it."""
    settings = TranscriptionSettings(url="http://127.0.0.1:9/v1", model="m", key="")
    with caplog.at_level(logging.ERROR), pytest.raises(TranscriptionFailed):
        await EndpointTranscriber(settings, http=GuardedHttp(NONE_ALLOWED)).transcribe(b"sound", "audio/webm")
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize("mime_type", ["", "audio", "audio/", "text/plain", 'audio/a"b', "audio/a/b", "audio/ä"])
async def test_what_is_no_recording_is_refused(mime_type: str) -> None:
    """Before anyone is asked."""
    with pytest.raises(InvalidInput, match="audio/webm"):
        await transcriber("http://127.0.0.1:9", "m").transcribe(b"sound", mime_type)


def test_the_settings_name_the_endpoint() -> None:
    """Nothing is set up without a URL; the key never shows."""
    assert ServerSettings.load(environment={}).transcription is None
    found = ServerSettings.load(environment={**ENVIRONMENT, "ORCHEO_TRANSCRIPTION_KEY": " sk-1 "}).transcription
    assert found == TranscriptionSettings(url="https://api.example.org/v1", model="whisper-1", key="sk-1")
    assert "sk-1" not in repr(found)


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"ORCHEO_TRANSCRIPTION_URL": "api.example.org"}, "ORCHEO_TRANSCRIPTION_URL"),
        ({"ORCHEO_TRANSCRIPTION_URL": "http://10.0.0.1/v1"}, "ORCHEO_TRANSCRIPTION_URL"),
        ({"ORCHEO_TRANSCRIPTION_MODEL": " "}, "ORCHEO_TRANSCRIPTION_MODEL"),
        ({"ORCHEO_TRANSCRIPTION_KEY": "sk\n1"}, "ORCHEO_TRANSCRIPTION_KEY"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, str], setting: str) -> None:
    """At the start, not with the first recording."""
    with pytest.raises(InvalidInput) as caught:
        ServerSettings.load(environment={**ENVIRONMENT, **wrong})
    assert caught.value.fields[0].path == setting
