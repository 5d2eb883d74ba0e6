"""What the log keeps to itself."""

import logging
import sys
from typing import Any

import orjson
import pytest

from orcheo_adapters.auth.grants import JwtGrants
from orcheo_adapters.auth.secrets_file import ServerSecrets
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.system.logs import JsonLines, redact
from orcheo_core.domain.chat_session import GrantClaims
from orcheo_core.domain.ids import CHANCE_BYTES, IdKind, compose_ids
from orcheo_core.domain.opaque_token import OpaqueToken
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX, generate_publish_token
from orcheo_core.domain.service_token import SERVICE_TOKEN_PREFIX
from tests.fakes.clock import START, FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.samples import VISITOR, moment

RANDOM = FakeEntropy().random_bytes
SECRETS = ServerSecrets.generate(RANDOM)


def a_grant() -> str:
    """A chat grant as the server signs it."""
    claims = GrantClaims(
        workflow_id="wf_1",
        chat_session_id="cs_1",
        subject=VISITOR,
        grant_id="jti_1",
        issued_at=START,
        expires_at=moment(300),
    )
    return JwtGrants(SECRETS.grant_keys, issuer="http://127.0.0.1", clock=FakeClock()).sign(claims)


def a_cookie() -> str:
    """A visitor's cookie."""
    visitor_id = compose_ids([IdKind.VISITOR], microseconds=1, chance=RANDOM(CHANCE_BYTES))[0]
    return VisitorCookies(SECRETS.cookie_keys, clock=FakeClock()).issue(visitor_id)


EACH = {
    "publish token": generate_publish_token(RANDOM),
    "service token": OpaqueToken.generate(SERVICE_TOKEN_PREFIX, RANDOM).reveal(),
    "chat grant": a_grant(),
    "visitor's cookie": a_cookie(),
}
secrets = pytest.mark.parametrize("secret", EACH.values(), ids=EACH)


def line(text: str, *arguments: object, **more: Any) -> str:
    """What the log has of a record."""
    record = logging.LogRecord("orcheo.test", logging.INFO, "", 0, text, arguments, more.pop("exc_info", None))
    record.__dict__.update(more)
    return JsonLines().format(record)


@secrets
def test_a_secret_is_taken_out_wherever_it_stands(secret: str) -> None:
    """In the text, in an argument, in a field beside it, in a URL, in a traceback, between other words."""
    try:
        message = f"cannot open http://x/?token={secret}&a=b"
        raise ValueError(message)
    except ValueError:
        lines = [line("failed", exc_info=sys.exc_info())]
    lines += [
        line(f"Bearer {secret}"),
        line("sent %s to %r", secret, {"key": secret}),
        line("x", request_id=secret),
        line(f'"{secret}",\n{secret}'),
    ]
    for each in lines:
        assert secret[20:] not in each
        assert "[redacted]" in each
        assert orjson.loads(each)["logger"] == "orcheo.test"


@secrets
def test_most_of_a_secret_is_as_secret(secret: str) -> None:
    """A text that was cut off still gives most of it away."""
    assert secret[:40] not in redact(secret[: len(secret) - 3])


def test_ids_may_be_logged() -> None:
    """They are how an operator finds what a line is about."""
    hint = OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, RANDOM).hint
    visitor_id = compose_ids([IdKind.VISITOR], microseconds=1, chance=RANDOM(CHANCE_BYTES))[0]
    assert redact(f"{hint} {visitor_id} wf_1") == f"{hint} {visitor_id} wf_1"


def test_text_that_is_no_utf8_is_logged_all_the_same() -> None:
    """A workflow may raise anything."""
    assert orjson.loads(line("half \ud83d"))["text"] == "half \\ud83d"
