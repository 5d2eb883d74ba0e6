"""The operator's webhook: what is told, how it is signed, and what happens when it is not taken."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, field, frozen

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AllowedAddresses
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.signature import standard_webhook_headers
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.webhook import GIVEN_UP_AFTER, MOST_WAITING, Webhook, WebhookSettings
from orcheo_core.domain.audit import Act
from orcheo_core.domain.delivery import Delivery
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import InvalidInput, StorageUnavailable
from orcheo_core.operations.catalogue import find_operation
from orcheo_core.ports.runner import RunFailed
from tests import samples
from tests.core.harness import ADA, build_hall
from tests.docs.pages import ROOT, code_blocks
from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.store import FailingStore

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
SETTINGS = WebhookSettings(url="https://alerts.example.org/", key=b"k" * 32)
HOME = AllowedAddresses.parse("127.0.0.0/8", path="test")


@frozen(kw_only=True)
class Post:
    """A webhook over a store in memory, with a clock that stands still."""

    settings: WebhookSettings = SETTINGS
    allowed: AllowedAddresses = HOME
    store: FailingStore = field(factory=FailingStore)
    clock: FakeClock = field(factory=FakeClock)

    @property
    def webhook(self) -> Webhook:
        return Webhook(
            self.settings,
            store=self.store,
            http=GuardedHttp(self.allowed),
            clock=self.clock,
            entropy=FakeEntropy(),
        )

    async def act(self) -> None:
        change = self.store.begin()
        self.webhook.acted(change, samples.audit_entry())
        await change.commit()

    async def waiting(self) -> list[Delivery]:
        later = self.clock.now() + timedelta(days=9)
        return list(await self.store.begin().deliveries.due(later, 99))

    async def told(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in await self.waiting()]


class Receiver:
    """Keeps what it is sent, and answers with ``status``."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.port = 0

    @property
    def settings(self) -> WebhookSettings:
        return evolve(SETTINGS, url=f"http://127.0.0.1:{self.port}/hook")

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(re.findall(r"^([\w-]+): (.*)\r$", head.lower(), re.MULTILINE))
        body = await reader.readexactly(int(headers["content-length"]))
        signature = re.findall(r"webhook-signature: (\S+)", head)
        self.heard.append((headers | {"webhook-signature": signature[0]}, body))
        writer.write(b"HTTP/1.1 %d X\r\nlocation: /x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % self.status)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver


# --- what is told --------------------------------------------------------------------------------------------------


async def test_owners_acts_are_told_with_actor_and_workflow() -> None:
    """The publish token is in none of them."""
    post = Post()
    harness = build_hall(store=post.store, notices=post.webhook)
    token = await harness.publish("echo")
    told = await post.told()
    assert sorted(each["type"] for each in told) == ["workflow.added", "workflow.published"]
    assert all(each["workflow"]["handle"] == "echo" and each["actor"]["name"] == ADA.actor.name for each in told)
    assert token not in str(told)


async def test_a_failed_turn_is_told_without_what_the_visitor_or_the_workflow_said() -> None:
    """The reason of an endpoint may repeat the visitor's text."""
    post = Post(settings=evolve(SETTINGS, events=frozenset({"turn.failed"})))
    harness = build_hall(store=post.store, notices=post.webhook)
    visit = await harness.visit("echo")
    turn = await harness.answered(visit, RunFailed(code="odd", reason="You said: my secret"), text="my secret")
    (told,) = await post.told()
    assert (told["type"], told["id"], told["workflow"]["handle"]) == ("turn.failed", turn.id, "echo")
    assert told["turn"] == {"id": turn.id, "thread_id": turn.thread_id, "code": "odd"}
    assert "my secret" not in str(told)


@pytest.mark.parametrize("events", [{"workflow.removed"}, {"turn.failed"}])
async def test_only_the_chosen_events_are_told(events: set[str]) -> None:
    """A failed turn of a workflow that is gone is told without its handle; a completed turn is not told."""
    post = Post(settings=evolve(SETTINGS, events=frozenset(events)))
    change = post.store.begin()
    failed = samples.turn(1).ended(TurnStatus.FAILED, samples.moment(1))
    await post.webhook.turn_ended(change, failed)
    await post.webhook.turn_ended(change, evolve(failed, id="trn_2", status=TurnStatus.COMPLETED))
    post.webhook.acted(change, evolve(samples.audit_entry(), act=Act.WORKFLOW_REMOVED))
    await change.commit()
    assert {each["type"] for each in await post.told()} == events


async def test_visitors_logins_are_not_told() -> None:
    """Their entries name visitors."""
    post = Post()
    change = post.store.begin()
    for act in (Act.LOGGED_IN, Act.CHAT_SESSION_CANCELLED, Act.THREAD_DELETED):
        post.webhook.acted(change, evolve(samples.audit_entry(), act=act))
    await change.commit()
    assert await post.told() == []


async def test_an_operator_sees_what_waits_without_the_path_of_the_address() -> None:
    """The path of a webhook is often its secret; what failed is counted apart."""
    post = Post(settings=evolve(SETTINGS, url="https://alerts.example.org:8443/secret?key=secret"))
    harness = build_hall(store=post.store, notices=post.webhook)
    show = find_operation("webhook.show")
    assert (await show.handle(harness.core.owner_services, ADA, show.request())).message == (
        "0 messages to https://alerts.example.org:8443 wait."
    )
    await post.act()
    shown = await show.handle(harness.core.owner_services, ADA, show.request())
    assert (shown.waiting, shown.failing, shown.most) == (1, 0, MOST_WAITING)
    assert shown.message == "1 message to https://alerts.example.org:8443 waits."
    change = post.store.begin()
    (waiting,) = await post.waiting()
    change.deliveries.put_off(evolve(waiting, attempts=1))
    await change.commit()
    shown = await show.handle(harness.core.owner_services, ADA, show.request())
    assert shown.message == "1 message to https://alerts.example.org:8443 waits, 1 of them after failed attempts."


async def test_a_full_outbox_is_warned_of_once_until_there_is_room(caplog: pytest.LogCaptureFixture) -> None:
    """Not once for each message that is left out; an operator who looks at the webhook sees it too."""
    post = Post()
    webhook = post.webhook
    harness = build_hall(store=post.store, notices=webhook)
    later = post.clock.now() + timedelta(hours=1)

    async def fill() -> None:
        change = post.store.begin()
        for number in range(MOST_WAITING):
            message = Delivery(id=f"aud_{number}", body="{}", created_at=later, due_at=later)
            change.deliveries.add(message, most=MOST_WAITING)
        await change.commit()

    def warnings() -> int:
        return sum("further ones are left out" in each.getMessage() for each in caplog.records)

    await webhook.deliver()
    await fill()
    await webhook.deliver()
    await webhook.deliver()
    assert warnings() == 1
    show = find_operation("webhook.show")
    shown = await show.handle(harness.core.owner_services, ADA, show.request())
    assert shown.message.endswith("; no more are kept.")
    change = post.store.begin()
    change.deliveries.remove("aud_1")
    await change.commit()
    await webhook.deliver()
    await fill()
    await webhook.deliver()
    assert warnings() == 2


# --- how it is delivered -------------------------------------------------------------------------------------------


@pytest.mark.network
async def test_a_message_is_signed_and_delivered_once() -> None:
    """The receiver verifies it as the how-to page shows."""
    async with receiving() as receiver:
        post = Post(settings=receiver.settings)
        await post.act()
        await post.webhook.deliver()
        await post.webhook.deliver()
    ((headers, body),) = receiver.heard
    assert json.loads(body)["id"] == headers["webhook-id"]
    key, at = base64.b64decode(SECRET[6:]), post.clock.now()
    signed = standard_webhook_headers(key, body, message_id=headers["webhook-id"], at=at)
    assert signed.items() <= headers.items()
    assert await post.waiting() == []


@pytest.mark.network
@pytest.mark.parametrize("status", [500, 302, 410])
async def test_a_message_that_is_not_taken_is_sent_again_later(status: int) -> None:
    """Each pause is about three times the one before; a redirect is not followed."""
    async with receiving() as receiver:
        post = Post(settings=receiver.settings)
        receiver.status = status
        await post.act()
        pauses = []
        for _ in range(3):
            await post.webhook.deliver()
            (waiting,) = await post.waiting()
            pauses.append((waiting.due_at - post.clock.now()).total_seconds())
            post.clock.advance(waiting.due_at - post.clock.now())
        receiver.status = 200
        await post.webhook.deliver()
    assert [round(pause / 10 / 3**n) for n, pause in enumerate(pauses)] == [1, 1, 1]
    assert len({body for _, body in receiver.heard}) == 1
    assert len(receiver.heard) == 4
    assert await post.waiting() == []


@pytest.mark.network
async def test_a_message_that_is_not_taken_for_a_day_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """A closed address counts as not taken; the log says why."""
    post = Post(settings=evolve(SETTINGS, url="http://127.0.0.1:9/"), allowed=NONE_ALLOWED)
    await post.act()
    post.clock.advance(GIVEN_UP_AFTER)
    await post.webhook.deliver()
    assert await post.waiting() == []
    assert "given up after 1 attempts" in caplog.text
    assert "127.0.0.1" in caplog.text


# --- settings and docs ---------------------------------------------------------------------------------------------


def _load(**environment: str) -> WebhookSettings | None:
    good = {"ORCHEO_WEBHOOK_URL": "https://alerts.example.org/x", "ORCHEO_WEBHOOK_SECRET": SECRET}
    return ServerSettings.load(environment=good | environment).webhook


def test_settings_of_the_webhook_are_read() -> None:
    """Without a URL there is none; without a list all events are told."""
    found = _load()
    assert found == WebhookSettings(url="https://alerts.example.org/x", key=b"k" * 32)
    assert "kkk" not in repr(found)
    assert _load(ORCHEO_WEBHOOK_URL=" ") is None
    chosen = _load(ORCHEO_WEBHOOK_EVENTS="turn.failed, workflow.published")
    assert chosen is not None
    assert chosen.events == {"turn.failed", "workflow.published"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORCHEO_WEBHOOK_URL", "ftp://alerts.example.org"),
        ("ORCHEO_WEBHOOK_URL", "http://169.254.169.254/"),
        ("ORCHEO_WEBHOOK_SECRET", ""),
        ("ORCHEO_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("ORCHEO_WEBHOOK_SECRET", SECRET + "!"),
        ("ORCHEO_WEBHOOK_SECRET", SECRET.removeprefix("whsec_")),
        ("ORCHEO_WEBHOOK_EVENTS", "workflow.exploded"),
        ("ORCHEO_WEBHOOK_EVENTS", "login.began"),
    ],
)
def test_a_wrong_setting_of_the_webhook_is_named(name: str, value: str) -> None:
    """The server does not start with it."""
    with pytest.raises(InvalidInput) as caught:
        _load(**{name: value})
    assert caught.value.fields[0].path == name
    assert caught.value.fields[0].message.startswith("is not set and must be whsec_") is (not value)


@pytest.mark.parametrize("name", ["ORCHEO_WEBHOOK_URL", "ORCHEO_TRANSCRIPTION_URL"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "hook.localhost"])
def test_the_hint_about_an_address_of_this_machine_says_how_to_allow_it(name: str, host: str) -> None:
    """Before anything is sent; a malformed one is shown the form."""
    with pytest.raises(InvalidInput, match=f"ORCHEO_HTTP_RUNNER_ALLOW={re.escape(host)}:9 ") as caught:
        _load(**{name: f"http://{host}:9/hook"})
    assert caught.value.hint == "Choose another address, or allow this one and start the server again."
    with pytest.raises(InvalidInput) as malformed:
        _load(**{name: "hook"})
    assert malformed.value.hint == "Begin it with one of them: http://hook or https://hook"


def test_the_check_of_the_how_to_page_takes_genuine_messages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The snippet as it is printed there, run."""
    code = next(code for language, code in code_blocks(ROOT / "docs/how-to/get-told.md") if language == "python")
    page: dict[str, Any] = {}
    exec(code, page)
    clock = FakeClock()
    monkeypatch.setattr("time.time", lambda: clock.now().timestamp())
    headers = standard_webhook_headers(b"k" * 32, b"{}", message_id="aud_1", at=clock.now())
    assert page["is_genuine"](SECRET, headers, b"{}")
    assert not page["is_genuine"](SECRET, headers, b"{ }")
    clock.advance(minutes=6)
    assert not page["is_genuine"](SECRET, headers, b"{}")


# --- a store that is full ------------------------------------------------------------------------------------------


@pytest.mark.network
@pytest.mark.parametrize("status", [204, 500])
async def test_a_full_store_does_not_have_a_message_sent_again_and_again(status: int) -> None:
    """The outcome of the attempt is kept in memory until it can be saved."""
    post = Post()
    async with receiving() as receiver:
        receiver.status = status
        webhook = evolve(post, settings=receiver.settings).webhook
        await post.act()
        post.store.error = StorageUnavailable("full")
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                await webhook.deliver()
        assert len(receiver.heard) == 1
        post.store.error = None
        await webhook.deliver()
        await webhook.deliver()
        assert len(receiver.heard) == 1
        assert len(await post.waiting()) == (status == 500)
        post.clock.advance(minutes=1)
        await webhook.deliver()
        assert len(receiver.heard) == (1 if status == 204 else 2)


@pytest.mark.network
async def test_a_message_that_a_clock_ahead_put_off_is_sent_when_the_clock_is_right_again() -> None:
    """Not a day later."""
    post = Post()
    async with receiving() as receiver:
        receiver.status = 500
        webhook = evolve(post, settings=receiver.settings).webhook
        post.clock.advance(timedelta(days=1))
        await post.act()
        await webhook.deliver()
        post.clock.advance(-timedelta(days=1))
        receiver.status = 204
        await webhook.deliver()
        assert await post.waiting() == []


@pytest.mark.network
@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"308 Moved\r\nlocation: https://b.example/", "308, a redirect to https://b.example/: correct ORCHEO_WEBHOOK"),
        (b"400 Bad\r\ncontent-type: text/plain", "status 400: it speaks TLS, which http:// does not"),
        (b"500 Oops", "status 500"),
    ],
)
async def test_what_keeps_a_receiver_from_taking_messages_is_said(
    said: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With what to do, where the answer shows it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"Client sent an HTTP request to an HTTPS server."
        writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (said, len(body), body))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        post = Post(settings=evolve(SETTINGS, url=url))
        await post.act()
        await post.webhook.deliver()
    assert told in caplog.text
