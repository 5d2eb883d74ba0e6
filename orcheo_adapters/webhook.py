"""The operator's webhook: signed messages about what happened, kept in the store until they are delivered."""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
from attrs import evolve, field, frozen

from orcheo_adapters.connection_faults import NEEDS_HTTPS, was_sent_to_tls, what_failed
from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.guarded_http import GuardedHttp
from orcheo_adapters.runners.signature import standard_webhook_headers
from orcheo_adapters.settings.values import wrong_setting
from orcheo_adapters.system.logs import get_logger
from orcheo_core.domain.audit import Act, AuditEntry
from orcheo_core.domain.delivery import Delivery, Outbox
from orcheo_core.domain.turn import Turn, TurnStatus
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.notices import Notices
from orcheo_core.ports.runner import RunFailed
from orcheo_core.ports.unit_of_work import Store, UnitOfWork

TURN_FAILED = "turn.failed"
_ABOUT_VISITORS = {
    Act.LOGGED_IN,
    Act.LOGIN_DENIED,
    Act.LOGGED_OUT,
    Act.REFUSED,
    Act.CHAT_SESSION_CANCELLED,
    Act.THREAD_DELETED,
}
EVENTS = frozenset({TURN_FAILED}).union(act.value for act in Act if act not in _ABOUT_VISITORS)
"""All that can be sent: what owners and operators do, and failed turns; nothing about single visitors."""

MOST_WAITING = 10_000
"""Messages that wait at the same time; further ones are left out."""

GIVEN_UP_AFTER = timedelta(days=1)
_AT_ONCE = 20
_TIME_LIMIT = 10.0
_LONGEST_ADDRESS = 200
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 21_600.0
_FURTHEST = timedelta(seconds=2 * _LONGEST_PAUSE)
"""Only a clock that was ahead puts a message off for longer."""
_PREFIX, _KEY_LENGTHS = "whsec_", range(24, 65)
_LOG = get_logger("webhook")


@frozen(kw_only=True)
class WebhookSettings:
    """Where messages go, the key that signs them, and which events are sent."""

    url: str
    key: bytes = field(repr=False)
    events: frozenset[str] = EVENTS

    @classmethod
    def load(cls, environment: Mapping[str, str], allowed: AllowedAddresses) -> "WebhookSettings":
        """From ``ORCHEO_WEBHOOK_URL`` and its like; :class:`InvalidInput` names the setting that is wrong."""
        url = environment.get("ORCHEO_WEBHOOK_URL", "").strip()
        try:
            GuardedHttp(allowed).check_url(url)
        except InvalidInput as error:
            raise wrong_setting("ORCHEO_WEBHOOK_URL", error.fields[0].message, hint=error.hint) from None
        key = _key(environment.get("ORCHEO_WEBHOOK_SECRET", "").strip())
        return cls(url=url, key=key, events=_events(environment.get("ORCHEO_WEBHOOK_EVENTS", "")))


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(_PREFIX) or len(key) not in _KEY_LENGTHS:
        form = f"must be {_PREFIX} and 24 to 64 random bytes in Base64, which `openssl rand -base64 32` makes"
        message = form if text else f"is not set and {form}"
        raise wrong_setting("ORCHEO_WEBHOOK_SECRET", message)
    return key


def _events(text: str) -> frozenset[str]:
    named = frozenset(filter(None, (each.strip() for each in text.split(","))))
    if named - EVENTS:
        message = f"{min(named - EVENTS)!r} is unknown; known are {', '.join(sorted(EVENTS))}"
        raise wrong_setting("ORCHEO_WEBHOOK_EVENTS", message)
    return named or EVENTS


class Webhook(Notices):
    """Stages messages with the change that they are about, and delivers those that are due."""

    def __init__(
        self, settings: WebhookSettings, *, store: Store, http: GuardedHttp, clock: Clock, entropy: Entropy
    ) -> None:
        """Deliver what waits in ``store`` over ``http``."""
        self._settings = settings
        self._store = store
        self._http = http
        self._clock = clock
        self._entropy = entropy
        self._is_full = False
        self._unsaved: dict[str, Delivery | None] = {}
        """What attempts led to that could not be saved yet; None where the message need not be sent again."""

    def acted(self, change: UnitOfWork, entry: AuditEntry) -> None:
        """See the port; the note of an entry is not sent."""
        workflow = {"id": entry.workflow_id, "handle": entry.handle} if entry.workflow_id else None
        actor = {"name": entry.actor.name, "channel": entry.channel.value}
        self._stage(change, entry.id, entry.act.value, workflow=workflow, actor=actor)

    async def turn_ended(self, change: UnitOfWork, turn: Turn) -> None:
        """See the port; the reason of a fault is not sent, as an endpoint's error may repeat a visitor's text."""
        if turn.status is not TurnStatus.FAILED or TURN_FAILED not in self._settings.events:
            return
        workflow = await change.workflows.find(turn.workflow_id)
        self._stage(
            change,
            turn.id,
            TURN_FAILED,
            workflow={"id": turn.workflow_id, "handle": workflow.handle if workflow else None},
            turn={"id": turn.id, "thread_id": turn.thread_id, "code": turn.fault.code if turn.fault else None},
        )

    def _stage(self, change: UnitOfWork, message_id: str, event: str, **about: object) -> None:
        if event not in self._settings.events:
            return
        now = self._clock.now()
        body = json.dumps({"id": message_id, "type": event, "at": now.isoformat(), **about})
        change.deliveries.add(Delivery(id=message_id, body=body, created_at=now, due_at=now), most=MOST_WAITING)

    async def outbox(self) -> Outbox:
        """See the port."""
        parts = urlsplit(self._settings.url)
        host = parts.netloc.rpartition("@")[2]
        found = await self._store.begin().deliveries.sum()
        return Outbox(receiver=f"{parts.scheme}://{host}", sum=found, most=MOST_WAITING)

    async def deliver(self) -> None:
        """Make one attempt for each message that is due; raises :class:`StorageUnavailable`."""
        await self._warn_when_full()
        now = self._clock.now()
        due = await self._store.begin().deliveries.due(now, _AT_ONCE, unless_beyond=now + _FURTHEST)
        if not due:
            return
        async with self._http.client() as client:
            for each in due:
                if each.id not in self._unsaved:  # or a full disk would have it sent again each second
                    self._unsaved[each.id] = self._outcome(each, await self._send(client, each))
                await self._save(each)

    async def _save(self, delivery: Delivery) -> None:
        change, outcome = self._store.begin(), self._unsaved[delivery.id]
        if outcome is None:
            change.deliveries.remove(delivery.id)
        else:
            change.deliveries.put_off(outcome)
        await change.commit()
        del self._unsaved[delivery.id]

    async def _warn_when_full(self) -> None:
        """Once, until there is room again: what is left out comes in a flood."""
        was_full, self._is_full = self._is_full, (await self._store.begin().deliveries.sum()).waiting >= MOST_WAITING
        if self._is_full and not was_full:
            _LOG.warning("%d webhook messages wait: further ones are left out until some are taken", MOST_WAITING)

    async def _send(self, client: httpx2.AsyncClient, delivery: Delivery) -> str:
        """Why the receiver did not take it; empty when it did."""
        body = delivery.body.encode()
        signed = standard_webhook_headers(self._settings.key, body, message_id=delivery.id, at=self._clock.now())
        headers = {"content-type": "application/json", **signed}
        try:
            async with (
                asyncio.timeout(_TIME_LIMIT),
                client.stream("POST", self._settings.url, content=body, headers=headers) as response,
            ):
                return "" if response.is_success else await _why_not_taken(response)
        except TimeoutError:
            return f"no answer within {_TIME_LIMIT:.0f} s"
        except (httpx2.RequestError, OSError, RunFailed) as error:
            return what_failed(error)

    def _outcome(self, delivery: Delivery, problem: str) -> Delivery | None:
        """The message as it waits for its next attempt; None when it was taken or is given up."""
        if not problem:
            return None
        attempts = delivery.attempts + 1
        due_at = self._clock.now() + self._pause(attempts)
        if due_at > delivery.created_at + GIVEN_UP_AFTER:
            _LOG.error("webhook message %s given up after %d attempts: %s", delivery.id, attempts, problem)
            return None
        _LOG.warning("webhook message %s not delivered (attempt %d): %s", delivery.id, attempts, problem)
        return evolve(delivery, attempts=attempts, due_at=due_at)

    def _pause(self, attempts: int) -> timedelta:
        """Three times as long after each failure, with a quarter more or less by chance."""
        seconds = min(_FIRST_PAUSE * 3.0 ** (attempts - 1), _LONGEST_PAUSE)
        return timedelta(seconds=seconds * (0.75 + self._entropy.random_bytes(1)[0] / 510))


async def _why_not_taken(response: httpx2.Response) -> str:
    said = f"it answered with status {response.status_code}"
    if response.has_redirect_location:
        return f"{said}, a redirect to {response.headers['location'][:_LONGEST_ADDRESS]}: correct ORCHEO_WEBHOOK_URL"
    is_refused = response.status_code == httpx2.codes.BAD_REQUEST
    return f"{said}: {NEEDS_HTTPS}" if is_refused and was_sent_to_tls(await response.aread()) else said
