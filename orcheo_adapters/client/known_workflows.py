"""What a client last heard of the publish states of a server's workflows, kept for when the server does not answer."""

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import get_ident
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from orcheo_adapters.client.remote import Operations, RemoteOperations
from orcheo_adapters.client.settings import ClientSettings
from orcheo_adapters.system.clock import SystemClock
from orcheo_core.domain.actor import Channel
from orcheo_core.errors import NotFoundError, OrcheoError, WorkflowNotFound

_TEXTS = ("id", "handle", "name", "owner", "created_at", "updated_at")
_SWITCHES = ("is_public", "require_login")
_TEXTS_OR_NONE = (
    "published_at",
    "published_by",
    "publish_token_hint",
    "publish_token_rotated_at",
    "share_url",
    "obstacle",
    "archived_at",
)
_KEPT = (*_TEXTS, *_SWITCHES, *_TEXTS_OR_NONE)
"""The fields of a workflow that are kept: no runner settings, no notes, and of a publish token its hint at most."""
_MOST_BYTES = 32_000_000


class NothingKnown(NotFoundError):
    """This machine has not heard of it yet."""

    code = "nothing_known"
    summary = "This machine has no saved copy of these workflows."
    hint = "Run `orcheo workflow list` once while the server is running."


@frozen
class KnownWorkflow:
    """The publish state of a workflow, and when the server said so."""

    workflow: dict[str, Any]
    at: datetime


@frozen
class KnownWorkflows:
    """A file for one server and service token, which only its owner can read; one that is damaged counts as empty."""

    server: str
    path: Path
    now: Callable[[], datetime] = field(default=SystemClock().now, repr=False, eq=False)

    @classmethod
    def locate(
        cls, server: str, environment: Mapping[str, str] = os.environ, *, token_id: str | None = None
    ) -> "KnownWorkflows":
        """In ``ORCHEO_CACHE_DIR``, or where this system keeps what programs can do without.

        There is one for each service token: each sees workflows of its own owner, and what is missing there is no
        reason to forget it for another. ``token_id`` is the public id of the one in use, looked up when left out.
        """
        token_id = ClientSettings.token_id_for(server, environment) if token_id is None else token_id
        name = f"workflows-{quote(server, safe='')}{token_id and '-'}{token_id}.json"
        if named := environment.get("ORCHEO_CACHE_DIR"):
            return cls(server, Path(named).expanduser() / name)
        from platformdirs import user_cache_path

        return cls(server, user_cache_path("orcheo", appauthor=False) / name)

    def all(self) -> list[KnownWorkflow]:
        """All that is known, newest workflows first; raises :class:`NothingKnown`."""
        known = self._load()
        if known is None:
            damaged = " The file that holds them is damaged and is ignored." if self.path.exists() else ""
            raise NothingKnown(f"This machine has no saved copy of the workflows at {self.server}.{damaged}")
        if not known:
            raise NothingKnown(f"There were no workflows at {self.server} when it last answered.")
        return [known[each] for each in sorted(known, reverse=True)]

    def find(self, ref: str) -> KnownWorkflow:
        """What is known of one workflow, by id or handle; raises :class:`NothingKnown`."""
        for each in self.all():
            if ref in (each.workflow["id"], each.workflow["handle"]):
                return each
        raise NothingKnown(f"This machine has no saved copy of a workflow {ref!r} at {self.server}.")

    def learn(self, workflows: Iterable[dict[str, Any]], *, gone: Iterable[str] = ()) -> None:
        """Keep these publish states, and forget the workflows with the ids or handles that are gone.

        One that a server of another version describes with fields missing is not kept. A failure to save them is
        ignored, as the command itself has been carried out.
        """
        now = self.now()
        said = ({name: each.get(name) for name in _KEPT} for each in workflows)
        heard = {str(each["id"]): each for each in said if _is_sound(each)}
        lost = set(gone) - set(heard)
        try:
            with self._alone():
                kept = {
                    name: each
                    for name, each in self._read().items()
                    if not lost & {name, each.workflow["handle"]} and name not in heard
                }
                self._write(kept | {name: KnownWorkflow(each, now) for name, each in heard.items()})
        except OSError:
            return

    def missing_from(self, page: list[dict[str, Any]], after: str | None, *, is_last: bool) -> set[str]:
        """The known ids that a page of the list would show and does not: those workflows were removed.

        A page says what is between its two ends. Ids sort as the list does; where the page shows no direction,
        nothing is concluded.
        """
        ids = [str(each.get("id")) for each in page]
        if after is None and is_last:
            return set(self._read()) - set(ids)
        if len(ids) < 2 or ids not in (sorted(ids), sorted(ids, reverse=True)):
            return set()
        newest_first = ids[0] > ids[-1]

        def is_between(each: str) -> bool:
            begins = after is None or (each < after if newest_first else each > after)
            return begins and (is_last or (each >= ids[-1] if newest_first else each <= ids[-1]))

        return {each for each in self._read() if is_between(each)} - set(ids)

    def _read(self) -> dict[str, KnownWorkflow]:
        return self._load() or {}

    def _load(self) -> dict[str, KnownWorkflow] | None:
        """None when there is no file that can be used."""
        try:
            document = json.loads(self._read_own())
            if document["server"] != self.server:
                return None
            return {name: _parsed(name, entry) for name, entry in document["workflows"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def _read_own(self) -> bytes:
        """The bytes of the file; empty unless it is a plain file of this user's, as a pipe would never come to an end.

        ``ORCHEO_CACHE_DIR`` may be a folder that others write to.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            is_own = stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid() and about.st_size <= _MOST_BYTES
            return file.read() if is_own else b""

    def _write(self, known: dict[str, KnownWorkflow]) -> None:
        entries = {name: {"at": each.at.isoformat(), "workflow": each.workflow} for name, each in known.items()}
        text = json.dumps({"server": self.server, "workflows": entries}, ensure_ascii=False)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}-{get_ident()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        new.replace(self.path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other clients out, whose change would otherwise be lost."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _parsed(name: str, entry: dict[str, Any]) -> KnownWorkflow:
    workflow, at = entry["workflow"], datetime.fromisoformat(entry["at"])
    if workflow["id"] != name or set(workflow) != set(_KEPT) or at.tzinfo is None or not _is_sound(workflow):
        raise ValueError(name)
    return KnownWorkflow(workflow, at)


def _is_sound(workflow: dict[str, Any]) -> bool:
    return (
        all(isinstance(workflow[each], str) for each in _TEXTS)
        and all(isinstance(workflow[each], bool) for each in _SWITCHES)
        and all(isinstance(workflow[each], str | None) for each in _TEXTS_OR_NONE)
    )


def connect(channel: Channel, environment: Mapping[str, str] = os.environ) -> Operations:
    """The operations of the server that the environment names, which keep what they hear of publish states."""
    settings = ClientSettings.load(environment)
    known = KnownWorkflows.locate(settings.url, environment, token_id=settings.token_id)
    return RememberingOperations(RemoteOperations(settings, channel), known)


class RememberingOperations(Operations):
    """Asks a server, and keeps what it says of publish states."""

    def __init__(self, operations: Operations, known: KnownWorkflows) -> None:
        """Keep what ``operations`` answer in ``known``."""
        self._operations = operations
        self._known = known

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See :class:`Operations`."""
        with self._forgetting(arguments):
            result = self._operations.perform(name, arguments)
        if name.startswith("workflows."):
            with suppress(LookupError, TypeError, AttributeError):  # as of another version; it is shown in any case
                self._learn(name, arguments, result)
        return result

    def question(self, name: str, arguments: dict[str, Any]) -> str | None:
        """See :class:`Operations`."""
        with self._forgetting(arguments):
            return self._operations.question(name, arguments)

    def version(self) -> str | None:
        """See :class:`Operations`."""
        return self._operations.version()

    def ready(self) -> None:
        """See :class:`Operations`."""
        self._operations.ready()

    @contextmanager
    def _forgetting(self, arguments: dict[str, Any]) -> Iterator[None]:
        """Keep nothing of a workflow that the server does not have."""
        try:
            yield
        except OrcheoError as error:
            if error.code == WorkflowNotFound.code and "ref" in arguments:
                self._known.learn([], gone=[str(arguments["ref"])])
            raise

    def _learn(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        if name == "workflows.remove":
            self._known.learn([], gone=[result["workflow"]["id"]])
        elif name == "workflows.show":
            self._known.learn([result])
        elif name == "workflows.list":
            self._learn_page(arguments, result)
        elif "workflow" in result:
            self._known.learn([result["workflow"]])

    def _learn_page(self, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        page, is_last = result["workflows"], result["next_after"] is None
        given = {key for key, value in arguments.items() if value or (key == "public" and value is not None)}
        filters = given - {"limit", "after", "all"}
        after = arguments.get("after")
        gone = set() if filters else self._known.missing_from(page, after, is_last=is_last)
        self._known.learn(page, gone=gone)
