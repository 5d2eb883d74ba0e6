"""From what an endpoint answers to the reason that its owner reads."""

import ssl
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from attrs import evolve

from orcheo_adapters.connection_faults import NEEDS_HTTP, NEEDS_HTTPS, own_words, what_failed
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.runners.failures import ErrorAnswer, no_connection, silent
from tests.fakes.clock import START


def answer(status: int, body: Any = b"", *, secret: str | None = None, **headers: str) -> ErrorAnswer:
    """An error answer; ``retry_after`` stands for ``Retry-After``."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    named = httpx2.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return ErrorAnswer(status=status, headers=named, body=data, now=START, secret=secret)


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answer(429, error("slow down")), "endpoint_rate_limited"),
        (answer(429, error("no credit", code="insufficient_quota")), "endpoint_quota_used_up"),
        (answer(401, error("bad key")), "endpoint_key_refused"),
        (answer(403), "endpoint_key_refused"),
        (answer(404, error("no such model: m")), "endpoint_model_unknown"),
        (answer(400, error("x", code="model_not_found")), "endpoint_model_unknown"),
        (answer(404, b"not found"), "endpoint_not_found"),
        (answer(404, b"<html>model</html>"), "endpoint_not_an_api"),
        (answer(403, b"Sign in", content_type="text/html; charset=utf-8"), "endpoint_not_an_api"),
        (answer(400, error("x", code="context_length_exceeded")), "conversation_too_long"),
        (answer(400, error("This model's maximum context length is 8")), "conversation_too_long"),
        (answer(422, {"detail": "wrong"}), "endpoint_request_refused"),
        (answer(402, error("Insufficient balance")), "endpoint_quota_used_up"),
        (answer(529, error("Overloaded", type="overloaded_error")), "endpoint_rate_limited"),
        (answer(502, b"<html>Bad Gateway</html>", content_type="text/html"), "endpoint_unavailable"),
        (answer(500, b"oops"), "endpoint_unavailable"),
        (answer(503), "endpoint_unavailable"),
        (answer(408), "endpoint_unavailable"),
        (answer(307, location="/login"), "endpoint_redirects"),
    ],
)
def test_each_class_of_failure_has_a_code(given: ErrorAnswer, code: str) -> None:
    """The owner reads the status too."""
    failure = given.failure()
    assert failure.code == code
    assert str(given.status) in failure.reason


@pytest.mark.parametrize(
    ("given", "after", "sentence"),
    [
        (answer(429, retry_after="20"), 20, "The workflow is busy."),
        (answer(429, retry_after="1"), 1, "The workflow is busy."),
        (answer(429, retry_after="600"), 600, "The workflow is busy."),
        (answer(429, retry_after="601"), None, "The workflow is busy. You can try again in a little while."),
        (answer(429, retry_after="1e9"), None, "The workflow is busy. You can try again in a little while."),
        (answer(429), None, "The workflow is busy. You can try again in a little while."),
        (answer(429, retry_after="soon"), None, "The workflow is busy. You can try again in a little while."),
        (answer(429, retry_after="inf"), None, "The workflow is busy. You can try again in a little while."),
        (answer(429, retry_after="9" * 400), None, "The workflow is busy. You can try again in a little while."),
        (answer(429, retry_after_ms="nan"), 1, "The workflow is busy."),
        (answer(503, retry_after="5"), 5, "The workflow is busy."),
        (answer(503), None, None),
        (answer(401, retry_after="5"), None, None),
        (answer(429, retry_after_ms="1500"), 2, "The workflow is busy."),
        (
            answer(429, retry_after=format_datetime(START + timedelta(seconds=30), usegmt=True)),
            30,
            "The workflow is busy.",
        ),
    ],
)
def test_visitors_are_told_when_to_try_again(given: ErrorAnswer, after: int | None, sentence: str | None) -> None:
    """Where the endpoint says so, and only where waiting helps."""
    failure = given.failure()
    assert (failure.retry_after, failure.visitor_message) == (after, sentence)


def test_a_conversation_that_is_too_long_is_said_to_the_visitor() -> None:
    """They can do something about it."""
    failure = answer(400, error("x", code="context_length_exceeded")).failure()
    assert failure.visitor_message
    assert "start a new one" in failure.visitor_message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (error("wrong field"), "wrong field"),
        ({"error": "wrong field"}, "wrong field"),
        ({"message": {"detail": "wrong field"}}, "wrong field"),
        ({"detail": "wrong\n field"}, "wrong field"),
        (b"wrong field", "wrong field"),
        ([1], "[1]"),
    ],
)
def test_the_endpoints_own_words_are_quoted(body: Any, said: str) -> None:
    """In one line, from any form of error."""
    assert answer(422, body).failure().reason.endswith(f"It says: {said}")


@pytest.mark.parametrize("body", [b"", b" \n", {}, [], b"null", b'""'])
def test_a_body_that_says_nothing_is_not_quoted(body: Any) -> None:
    """``It says: {}`` would be no help."""
    assert answer(500, body).failure().reason == "The endpoint answered with status 500."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", NEEDS_HTTP),
        ("[SSL: RECORD_LAYER_FAILURE] record layer failure (_ssl.c:1032)", NEEDS_HTTP),
        ("illegal status line: bytearray(b'\\x15\\x03\\x01\\x00\\x02\\x02P')", NEEDS_HTTPS),
        ("illegal status line: bytearray(b'SSH-2.0-OpenSSH_9.2')", "what it answers is not HTTP"),
    ],
)
def test_another_protocol_is_named(said: str, told: str) -> None:
    """What the libraries say of it helps no owner."""
    failure = no_connection(httpx2.RemoteProtocolError(said))
    assert failure.code == "endpoint_unreachable"
    assert failure.reason.startswith(f"The endpoint does not answer: {told}")
    assert "_ssl.c" not in what_failed(httpx2.RemoteProtocolError(said))
    assert "bytearray" not in failure.reason + what_failed(httpx2.RemoteProtocolError(said))


def test_a_web_server_that_wants_tls_is_named() -> None:
    """It says so itself, on a page for people or in a line; what else has the status 400 is something else."""
    failure = answer(400, b"<html>The plain HTTP request was sent to HTTPS port</html>").failure()
    assert (failure.code, NEEDS_HTTPS in failure.reason) == ("endpoint_unreachable", True)
    failure = answer(400, b"Client sent an HTTP request to an HTTPS server.").failure()
    assert NEEDS_HTTPS in failure.reason
    assert NEEDS_HTTPS not in answer(400, b"Send HTTPS addresses only").failure().reason


def test_an_address_of_a_model_with_nothing_is_told_how_others_end() -> None:
    """The path is forgotten most often; of a service nothing is known."""
    nothing = answer(404, b"not found")
    assert "many end in /v1" in nothing.failure().reason
    assert "/v1" not in evolve(nothing, who="service").failure().reason


def test_too_many_requests_and_overload_are_told_apart() -> None:
    """Only of the first the owner may have a limit to raise."""
    reasons = [answer(status).failure().reason for status in (429, 529)]
    assert [each.partition(": ")[2] for each in reasons] == ["too many requests.", "it is overloaded."]


def test_a_reason_is_short_and_never_holds_the_key() -> None:
    """Some endpoints repeat the key that they refuse."""
    reason = answer(401, error("bad key sk-secret " + "x" * 2_000), secret="sk-secret").failure().reason
    assert "sk-secret" not in reason
    assert "bad key …" in reason
    assert len(reason) < 700


def test_a_page_is_not_quoted() -> None:
    """It would fill the screen."""
    assert "<html>" not in answer(403, b"<html>").failure().reason


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (
            httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer"),
            "endpoint_certificate_refused",
        ),
        (httpx2.ProxyError("502 Bad Gateway"), "endpoint_unreachable"),
        (httpx2.ConnectError(""), "endpoint_unreachable"),
        (httpx2.ConnectTimeout("slow"), "endpoint_unreachable"),
        (httpx2.RemoteProtocolError("peer closed"), "answer_broken_off"),
        (httpx2.ReadError("reset"), "answer_broken_off"),
    ],
)
def test_errors_below_http_have_codes_too(raised: httpx2.RequestError, code: str) -> None:
    """And say what was seen."""
    failure = no_connection(raised)
    assert failure.code == code
    assert (own_words(raised) or "ConnectError") in failure.reason


def test_a_connection_that_broke_off_without_a_word_shows_no_class() -> None:
    """Findings: "(ReadError)" says nothing to an owner."""
    reason = no_connection(httpx2.ReadError("")).reason
    assert reason == "The endpoint does not answer: the connection broke off before the answer was whole."


def test_an_untrusted_certificate_is_found_behind_other_errors() -> None:
    """With what the operator can do."""
    outer = OSError("handshake")
    outer.__cause__ = ssl.SSLCertVerificationError("self-signed")
    failure = no_connection(outer)
    assert failure.code == "endpoint_certificate_refused"
    assert "SSL_CERT_FILE" in failure.reason


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("certificate verify failed: certificate has expired (_ssl.c:1006)", "has expired; it must be renewed"),
        ("certificate verify failed: certificate is not yet valid", "is not valid yet; compare the clocks"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'a'.", "is for another name"),
        ("certificate verify failed: IP address mismatch, certificate is not valid for '::1'.", "is for another name"),
        ("certificate verify failed: self-signed certificate in certificate chain", "SSL_CERT_FILE"),
        ("certificate verify failed: unable to get local issuer certificate", "SSL_CERT_FILE"),
        ("certificate verify failed: EE certificate key too weak", "its certificate is refused"),
    ],
)
def test_each_fault_of_a_certificate_has_its_advice(said: str, advice: str) -> None:
    """Another authority helps with one of them only; the same words are in the log of a sign-in."""
    error = httpx2.ConnectError(f"[SSL: CERTIFICATE_VERIFY_FAILED] {said}")
    failure = no_connection(error)
    assert failure.code == "endpoint_certificate_refused"
    assert advice in failure.reason
    assert ("SSL_CERT_FILE" in failure.reason) is (advice == "SSL_CERT_FILE")
    assert advice in what_failed(error)
    assert said.removesuffix(".").removesuffix(" (_ssl.c:1006)") in failure.reason
    assert "_ssl.c" not in failure.reason


@pytest.mark.parametrize("unit", [" ", "\n", "[SSL", "[SSL: ", "(_ssl.c:1", "[AAAA", "_ssl.c:1"])
def test_what_an_endpoint_says_is_read_as_far_as_it_is_told(unit: str) -> None:
    """All chats wait while it is read: whatever it sends in place of a status line, it is cut before."""
    error = httpx2.RemoteProtocolError("HTTP" + unit * (1_000_000 // len(unit)) + "x")
    assert own_words(error).startswith("HTTP")
    assert len(own_words(error)) <= 800
    assert no_connection(error).code == "answer_broken_off"
    assert len(what_failed(OSError(5, "x" + unit * 1_000_000))) <= 300


class _Untrue(Exception):
    """Code of others: not even its truth or its likeness can be asked."""

    def __bool__(self) -> bool:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = Exception.__hash__


def test_an_error_of_any_class_may_stand_behind_another() -> None:
    """And a ring of them ends."""
    outer, inner = httpx2.ReadError(""), _Untrue("inside")
    outer.__cause__, inner.__context__ = inner, outer
    assert what_failed(outer) == "inside"


def test_a_service_that_wants_a_certificate_is_named() -> None:
    """It does not show a wrong one itself."""
    alert = httpx2.ReadError("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    assert "it asks for a client certificate" in no_connection(alert).reason


def test_certificates_to_trust_that_cannot_be_read_are_no_fault_of_the_endpoint(tmp_path: Path) -> None:
    """Nothing was sent to it."""
    with pytest.raises(OSError, match="SSL_CERT_FILE") as caught:
        Outgoing(ca_file=tmp_path / "none.pem").transport()
    failure = no_connection(caught.value)
    assert failure.code == "endpoint_certificate_refused"
    assert failure.reason == (
        "The endpoint was not asked: the certificates that SSL_CERT_FILE names cannot be read: "
        f"{tmp_path}/none.pem: No such file or directory."
    )


def test_silence_is_told_as_taking_too_long() -> None:
    """The setting is named to the owner."""
    failure = silent(5)
    assert (failure.code, "first_byte_seconds" in failure.reason) == ("endpoint_silent", True)
    assert failure.visitor_message == "The workflow took too long to answer. You can try again."
