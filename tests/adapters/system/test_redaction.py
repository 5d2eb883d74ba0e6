"""What the log keeps to itself."""

import logging
import re
import sys
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@secrets
@pytest.mark.parametrize(
    "before", ["x", "x_", "9-", "eyJ", "eyJeyJ_", "vis_vis_", "vis_a-", "orc_pt_", "a.b.", "eyJa.b."]
)
def test_a_secret_may_stand_directly_behind_other_letters(secret: str, before: str) -> None:
    """Also behind letters that look like the beginning of one."""
    said = redact(before + secret)
    assert secret[20:] not in said
    assert said.endswith("[redacted]")


_ONE = re.compile(r"orc_(?:pt|st|is|ct|os)_[0-9A-Za-z]{12,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|vis_\w+\.[\w-]+\.[\w-]{20,}")
_PIECES = ["orc_pt_", "vis_", "eyJ", ".", "-", "_", " ", "é", "a", "b" * 8, "c" * 12, "d" * 20]


@given(st.lists(st.sampled_from(_PIECES), max_size=20).map("".join))
def test_nothing_of_the_shape_of_a_secret_is_left(text: str) -> None:
    """However texts begin one within another; and what has no such shape stays as it is."""
    said = redact(text)
    assert _ONE.search(said) is None
    assert (said == text) is (_ONE.search(text) is None)


@pytest.mark.parametrize(
    "unit", ["eyJ", "eyJ-", "eyJaaaaaaaa.", "vis_", "vis_a.", "vis_a-", "orc_pt_", "orc_pt_a", "a."]
)
@pytest.mark.parametrize("end", ["", ".", ".a", ".a.a"])
def test_long_texts_of_strangers_are_read_once(unit: str, end: str) -> None:
    """All chats wait for it: one that reads the rest again at each beginning needs many minutes for this."""
    redact(unit * (500_000 // len(unit)) + end)


def test_ids_may_be_logged() -> None:
    """They are how an operator finds what a line is about."""
    hint = OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, RANDOM).hint
    visitor_id = compose_ids([IdKind.VISITOR], microseconds=1, chance=RANDOM(CHANCE_BYTES))[0]
    assert redact(f"{hint} {visitor_id} wf_1") == f"{hint} {visitor_id} wf_1"


def test_text_that_is_no_utf8_is_logged_all_the_same() -> None:
    """A workflow may raise anything."""
    assert orjson.loads(line("half \ud83d"))["text"] == "half \\ud83d"
