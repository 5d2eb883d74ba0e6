"""Why an endpoint or a service did not answer: one code for each class of failure, a reason for the owner, and a
sentence for the visitor where trying again in a while helps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from math import ceil, isfinite
from typing import Any

import httpx2
from attrs import frozen

from orcheo_adapters.connection_faults import (
    NEEDS_HTTPS,
    CertificatesUnreadable,
    certificate_fault,
    own_words,
    protocol_fault,
    was_sent_to_tls,
)
from orcheo_adapters.runners import loose_json
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed

_EXCERPT = 500
_NO_JSON = object()
_LONGEST_PAUSE = 600
"""Seconds that a visitor may be asked to wait for; who has to wait longer reads no number."""
_HINTS = {
    401: ("endpoint_key_refused", "it does not accept the key"),
    403: ("endpoint_key_refused", "it does not accept the key, or the key may not do this"),
    404: ("endpoint_not_found", "there is nothing at this address: check the target against its documentation"),
}
_LOADS = {429: "too many requests", 529: "it is overloaded"}
_BUSY, _UNAVAILABLE, _REFUSED = "endpoint_rate_limited", "endpoint_unavailable", "endpoint_request_refused"
_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})
_MODEL = frozenset({"model_not_found", "model_not_available"})
_CHAT_TOO_LONG = "This conversation has become too long for the model. Please start a new one."


@frozen(kw_only=True)
class ErrorAnswer:
    """An answer with another status than 200; ``secret`` is never repeated in a reason."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    secret: str | None = None
    who: str = "endpoint"
    """What the owner calls the one that answered."""
    proxy: str = ""
    """The outgoing proxy that may have answered in its place."""

    @property
    def text(self) -> str:
        """What the answer says, in one line of at most 500 characters."""
        if not self._document:  # {}, [], null
            return ""
        found = message_in(self._document) or self.body[: 4 * _EXCERPT].decode("utf-8", "replace")
        line = " ".join(found.split())
        return (line.replace(self.secret, "…") if self.secret else line)[:_EXCERPT]

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people, such as the login page of a gateway."""
        return self.body.lstrip()[:1] == b"<" or "text/html" in self.headers.get("content-type", "")

    @property
    def retry_after(self) -> int | None:
        """Whole seconds after which the endpoint wants to be asked again, if it says so and they can be waited for."""
        pause = self.pause
        return None if pause is None or pause > _LONGEST_PAUSE else max(1, ceil(pause))

    @property
    def pause(self) -> float | None:
        """The same, as it was said (``Retry-After``, ``retry-after-ms``)."""
        for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            text = self.headers.get(name, "")
            try:
                seconds = max(0.0, float(text) * unit)
                return seconds if isfinite(seconds) else None
            except ValueError:
                if text and (moment := _moment(text)) is not None:
                    return max(0.0, (moment - self.now).total_seconds())
        return None

    def names(self, *words: str) -> bool:
        """Whether the answer names one of these fields."""
        return any(word.encode() in self.body for word in words)

    def failure(self) -> RunFailed:
        """The failure that this answer is."""
        code, why = self._class()
        what = f"answered with status {self.status}"
        reason = f"The {self.who} {what}: {why}." if why else f"The {self.who} {what}."
        if self.text and not self.is_page:
            reason += f" It says: {self.text}"
        if self.proxy and (self.status == httpx2.codes.FORBIDDEN or self.status >= httpx2.codes.INTERNAL_SERVER_ERROR):
            reason += f" This came through the outgoing proxy {self.proxy}, and may be the proxy's own answer."
        pause = self.retry_after if code in (_BUSY, _UNAVAILABLE) else None
        return RunFailed(code=code, reason=reason, retry_after=pause, visitor_message=_for_visitors(code, pause))

    def _class(self) -> tuple[str, str]:
        if elsewhere := self._elsewhere():
            return elsewhere
        if self.status == 402 or (self.status == 429 and self._error_codes & _QUOTA):
            return "endpoint_quota_used_up", "its quota is used up"
        if self.status in _LOADS:
            return _BUSY, _LOADS[self.status]
        if self.is_page and self.status < 500:  # beyond that it is a gateway's: what is behind it is down
            return "endpoint_not_an_api", "it is a page for people, not an API: check the target"
        if self._error_codes & _MODEL or (self.status == 404 and self.names("model")):
            return "endpoint_model_unknown", "it does not know the model"
        if self._error_codes & _TOO_LONG or self.names("maximum context length"):
            return "conversation_too_long", "the conversation is longer than the model can read"
        if self.status in _HINTS:
            code, why = _HINTS[self.status]
            return code, f"{why}; many end in /v1" if self.status == 404 and self.who == "endpoint" else why
        return (_UNAVAILABLE, "") if self.status >= 500 or self.status == 408 else (_REFUSED, "")

    def _elsewhere(self) -> tuple[str, str] | None:
        """What an answer means that names another address, or TLS."""
        if self.status == httpx2.codes.BAD_REQUEST and was_sent_to_tls(self.body):
            return "endpoint_unreachable", NEEDS_HTTPS
        if httpx2.codes.is_redirect(self.status):
            where = self.headers.get("location", "elsewhere")
            return "endpoint_redirects", f"a redirect to {where[:_EXCERPT]}, which is not followed: correct the target"
        return None

    @cached_property
    def _document(self) -> Any:
        try:
            return loose_json.loads(self.body)
        except ValueError:
            return _NO_JSON

    @property
    def _error_codes(self) -> frozenset[str]:
        document = self._document
        error = document.get("error", document) if isinstance(document, dict) else None
        values = (error.get("code"), error.get("type")) if isinstance(error, dict) else ()
        return frozenset(value for value in values if isinstance(value, str))


def no_connection(error: httpx2.RequestError | OSError, *, who: str = "endpoint") -> RunFailed:
    """The failure that an error below HTTP is; ``who`` is what the owner calls the other side."""
    if isinstance(error, httpx2.ProxyError | CertificatesUnreadable):
        code = "endpoint_unreachable" if isinstance(error, httpx2.ProxyError) else "endpoint_certificate_refused"
        return RunFailed(code=code, reason=f"The {who} was not asked: {error}.")
    said = own_words(error)[:_EXCERPT].removesuffix(".")
    if fault := certificate_fault(error):
        code, why = "endpoint_certificate_refused", fault
    elif fault := protocol_fault(error):
        code, why, said = "endpoint_unreachable", fault, ""
    elif isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError):
        code, why = "answer_broken_off", "the connection broke off before the answer was whole"
    else:
        code, why, said = "endpoint_unreachable", "it cannot be reached", said or type(error).__name__
    return RunFailed(code=code, reason=f"The {who} does not answer: {why}{f' ({said})' if said else ''}.")


def settings_invalid(error: InvalidInput) -> RunFailed:
    """The settings were right when the workflow was registered; the server's environment has changed since."""
    return RunFailed(code="settings_invalid", reason=f"The workflow's settings cannot be used: {error.detail}")


def silent(seconds: float) -> RunFailed:
    """Nothing came in the time that the workflow's settings give for the first byte."""
    reason = f"No part of the answer arrived within {seconds:g} s (setting first_byte_seconds)."
    message = "The workflow took too long to answer. You can try again."
    return RunFailed(code="endpoint_silent", reason=reason, visitor_message=message)


def _for_visitors(code: str, pause: int | None) -> str | None:
    if code == "conversation_too_long":
        return _CHAT_TOO_LONG
    if code in (_BUSY, _UNAVAILABLE) and pause is not None:
        return "The workflow is busy."
    return "The workflow is busy. You can try again in a little while." if code == _BUSY else None


def message_in(document: Any) -> str:
    """The text of an error object in one of its usual forms."""
    if isinstance(document, str):
        return document
    if not isinstance(document, dict):
        return ""
    for name in ("error", "message", "detail"):
        if name in document and (found := message_in(document[name])):
            return found
    return ""


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
