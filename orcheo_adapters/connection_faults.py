"""Why a request to another machine had no answer, in words for people: what is wrong, and what to do.

Libraries say it for programmers: ``[Errno -2] Name or service not known``, ``… (_ssl.c:1006)``, ``illegal status line:
bytearray(b'\\x15\\x03…')``. What they mean is read here; their numbers and names are not passed on.
"""

import os
import re
import ssl

from orcheo_core.ports.runner import READ_LENGTH, text_of

LONGEST_REASON = 300

_TRUST = "name the certificate authority in the server's SSL_CERT_FILE, and start it again"
_UNKNOWN_ISSUER = "its certificate is not trusted; {trust}"
_CERTIFICATES = {
    "mismatch": "its certificate is for another name; name the host as the certificate does",
    "has expired": "its certificate has expired; it must be renewed where it is shown",
    "not yet valid": "its certificate is not valid yet; compare the clocks of both machines",
    "local issuer": _UNKNOWN_ISSUER,
    "self-signed": _UNKNOWN_ISSUER,
    "self signed": _UNKNOWN_ISSUER,
    "certificate_required": "it asks for a client certificate, which Orcheo cannot show",
    "certificate_verify_failed": "its certificate is refused",
}
"""What to do, by words of OpenSSL in small letters; those that say more go first."""

_NO_TLS = re.compile(
    r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|HTTP_REQUEST",
    re.IGNORECASE,
)
_TLS_ALERT = re.compile(r"(?:\\x15|\x15)(?:\\x03|\x03)")
"""How the alert begins that a TLS server sends when it reads HTTP, as it is or as Python writes bytes."""
TLS_ALERT = b"\x15\x03"
_NO_HTTP = re.compile(r"illegal (?:status|request|header) line|badstatusline", re.IGNORECASE)
_SENT_TO_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS|speaking plain HTTP to an SSL", re.IGNORECASE
)
"""What the usual web servers answer to HTTP on a port for TLS."""
NEEDS_HTTPS = "it speaks TLS, which http:// does not; perhaps https:// is meant"
NEEDS_HTTP = "it does not speak TLS, which https:// needs; perhaps http:// is meant"
_PERHAPS_NO_TLS = "it does not begin to speak TLS; if it speaks plain HTTP, http:// is meant"
_NOT_HTTP = "what it answers is not HTTP; check the host and the port"
PERHAPS_HTTPS = "if it speaks TLS, its address must begin with https://"
"""Of one that closes the connection when it reads HTTP, as some do; others fail like that too."""

_LONGEST_SAID = 800
"""Characters of an error that are looked at: an endpoint chooses some of them, and all chats wait."""
_MOST_ERRORS = 20
_NOISE = re.compile(r"\[(?:Errno -?\d+|SSL[^\]\[]*+|[A-Z0-9_]{4,}+)\] ?| ?\(_ssl\.c:\d+\)|_ssl\.c:\d+: ")
_HOLLOW = ("All connection attempts failed", "Connect call failed", "Multiple exceptions")
"""Words that only say that there is a reason, which is in the error below."""
_WITHOUT_WORDS = {
    "ConnectTimeout": "no connection in time",
    "PoolTimeout": "no free connection in time",
    "ReadTimeout": "no answer in time",
    "TimeoutError": "no whole answer in time",
    "WriteTimeout": "the request could not be sent in time",
}


class CertificatesUnreadable(OSError):
    """The certificates to trust cannot be read, so nothing was sent; the words name the setting."""


def what_failed(error: BaseException, *, trust: str = _TRUST) -> str:
    """Why a request to others had no answer, as one line for operators and owners.

    What to do comes first where that is known, then the error's own words. A class of Python is named only where
    words are missing, and nothing took too long. ``trust`` is the advice for a certificate authority that is not known.
    """
    words = own_words(error) or f"no reason is given ({type(error).__name__})"
    fault = certificate_fault(error, trust=trust) or protocol_fault(error)
    if fault is None:
        return words[:LONGEST_REASON]
    return (fault if fault in (_NOT_HTTP, NEEDS_HTTPS) else f"{fault} ({words})")[:LONGEST_REASON]


def certificate_fault(error: BaseException, *, trust: str = _TRUST) -> str | None:
    """What is wrong with the certificate of the other side, and what to do; None when something else failed."""
    said = _all_said(error).lower()
    said = said.replace(ssl.SSLCertVerificationError.__name__.lower(), "certificate_verify_failed")
    is_one = not _is_told(error) and ("certificate_verify_failed" in said or "certificate_required" in said)
    fault = next((fault for words, fault in _CERTIFICATES.items() if words in said), None) if is_one else None
    return fault.format(trust=trust) if fault else None


def protocol_fault(error: BaseException) -> str | None:
    """Which other protocol the other side speaks, and what to do; None when something else failed."""
    if _is_told(error):
        return None
    said = _all_said(error)
    if _TLS_ALERT.search(said):
        return NEEDS_HTTPS
    if _NO_TLS.search(said):
        return NEEDS_HTTP
    if "handshake operation timed out" in said:
        return _PERHAPS_NO_TLS
    return _NOT_HTTP if _NO_HTTP.search(said) else None


def was_sent_to_tls(body: bytes) -> bool:
    """Whether an answer is the one of a web server that has read HTTP on a port for TLS."""
    return _SENT_TO_TLS.search(body) is not None


def own_words(error: BaseException) -> str:
    """What the error says, or the one that it came from, as one line; empty when none of them says anything."""
    for each in chain_of(error):
        words = _words_of(each) or _WITHOUT_WORDS.get(type(each).__name__, "")
        if words and not words.startswith(_HOLLOW):
            return words
    return ""


def _all_said(error: BaseException) -> str:
    return " ".join(f"{type(each).__name__} {text_of(each, most=_LONGEST_SAID)}" for each in chain_of(error))


def _words_of(error: BaseException) -> str:
    reason = getattr(error, "strerror", None)
    said = reason[:READ_LENGTH] if isinstance(reason, str) and reason else text_of(error)
    if said.startswith(_HOLLOW) and isinstance(error, OSError) and error.errno:
        said = os.strerror(error.errno)
    said = " ".join(said.split())[:_LONGEST_SAID]
    return " ".join(_NOISE.sub("", said).split())


def _is_told(error: BaseException) -> bool:
    """Whether the error's own words say all of it; the class of the HTTP client is not imported for this."""
    is_of_proxy = any(each.__name__ == "ProxyError" for each in type(error).__mro__)
    return is_of_proxy or isinstance(error, CertificatesUnreadable)


def chain_of(error: BaseException | None) -> list[Exception]:
    """The error, and those that it came from; the HTTP client hides some of them (``from None``)."""
    found: list[Exception] = []
    while isinstance(error, Exception) and len(found) < _MOST_ERRORS and not any(each is error for each in found):
        found.append(error)
        error = error.__context__ if error.__cause__ is None else error.__cause__
    return found
