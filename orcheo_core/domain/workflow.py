"""A workflow and its publish state: the rules as methods.

Each transition returns a new value or raises the conflict that the present state means.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.entries import changed_entries
from orcheo_core.domain.host_identity import IdentityKey
from orcheo_core.domain.look import NO_LOOK, Look
from orcheo_core.domain.search import folded
from orcheo_core.domain.shown_text import check_name, plain_blanks
from orcheo_core.errors import (
    AlreadyArchived,
    AlreadyPublished,
    FieldError,
    InvalidInput,
    NotArchived,
    NotPublished,
    WorkflowArchived,
)

HANDLE_PATTERN = "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"
_HANDLE = re.compile(HANDLE_PATTERN)
NAME_LENGTH = 200
DESCRIPTION_LENGTH = 4_000
RUNNER_KINDS = ("ag-ui", "agent", "chatkit", "http", "langgraph", "openai", "python")
"""The kinds that the server comes with; a program that embeds the core may have others."""

HISTORY_LENGTH = 40
"""Earlier entries that a workflow is given when it says nothing else about that."""
HISTORY_BYTES = 1024 * 1024
"""About as much of them is given, the newest first: it lies in memory as long as the workflow is at work."""
ANSWER_SECONDS = 120
"""Seconds that a workflow may be silent during an answer when it says nothing else about that."""
TIME_LIMIT_MOST = 86_400
"""Seconds that no operator allows more of."""
HISTORY_MOST = 100


_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "orcheo-ticket"})
"""They hold credentials of visitors and of apps, which no workflow needs."""
HEADERS_MOST = 20


def header_names(text: str) -> frozenset[str]:
    """Names with commas between them, in small letters.

    Raises :class:`InvalidInput` (path ``settings.headers``) for what cannot be a header's name, for headers that hold
    credentials, and for more than 20.
    """
    names = frozenset(each.strip().lower() for each in text.split(",") if each.strip())
    wrong = sorted(each for each in names if not _HEADER.fullmatch(each) or each in _SECRET_HEADERS)
    if wrong:
        raise InvalidInput(FieldError("settings.headers", f"cannot hand over {', '.join(wrong)}"))
    if len(names) > HEADERS_MOST:
        raise InvalidInput(FieldError("settings.headers", f"must be at most {HEADERS_MOST} names"))
    return names


@frozen(kw_only=True)
class RunnerSpec:
    """How a workflow is executed: the kind of runner, what it should call, and the settings of that kind.

    The target is a ``package.module:callable`` or a URL, as the kind says; settings never hold a secret, at most the
    name of an environment variable that does.
    """

    kind: str
    target: str
    settings: dict[str, str] = field(factory=dict)

    def changed(self, to: "RunnerChange") -> "RunnerSpec":
        """With another kind, target or settings.

        Settings are merged by name, an empty value removes one that is there; another kind begins without settings, as
        each kind has its own, and needs its own target.
        """
        is_other = to.kind not in {None, self.kind}
        if is_other and to.target is None:
            raise InvalidInput(FieldError("target", "is needed when the runner changes"))
        return RunnerSpec(
            kind=self.kind if to.kind is None else to.kind,
            target=self.target if to.target is None else to.target,
            settings=changed_entries("settings.", {} if is_other else self.settings, to.settings),
        )

    @property
    def wanted_headers(self) -> frozenset[str]:
        """The request headers that the workflow is given, in small letters: those of its setting ``headers``."""
        return header_names(self.settings.get("headers", ""))

    @property
    def reads_environment(self) -> bool:
        """Whether a setting names a variable of the server's environment; their names all end in ``_env``."""
        return any(name.endswith("_env") for name in self.settings)


@frozen(kw_only=True)
class RunnerChange:
    """What to change of how a workflow is executed; see :meth:`RunnerSpec.changed`."""

    kind: str | None = None
    target: str | None = None
    settings: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Publication:
    """The state of being open to visitors."""

    published_at: datetime
    published_by: Actor
    require_login: bool
    token_id: str
    """Public id of the publish token that is current."""
    rotated_at: datetime | None = None


def _check_handle(_workflow: object, _attribute: object, handle: str) -> None:
    if not _HANDLE.fullmatch(handle):
        raise InvalidInput(
            FieldError(
                "handle",
                "must have 1 to 63 lower-case letters, digits or hyphens, and start and end with a letter or digit",
            ),
            hint="For example: docs-assistant.",
        )


def _check_name(_workflow: object, _attribute: object, name: str) -> None:
    check_name("name", name, longest=NAME_LENGTH)


def _check_description(_workflow: object, _attribute: object, description: str) -> None:
    if len(description) > DESCRIPTION_LENGTH:
        raise InvalidInput(FieldError("description", f"must be at most {DESCRIPTION_LENGTH} characters"))


def _check_time_limit(_workflow: object, _attribute: object, seconds: int | None) -> None:
    if seconds is not None and not 1 <= seconds <= TIME_LIMIT_MOST:
        raise InvalidInput(FieldError("time_limit", f"must be between 1 and {TIME_LIMIT_MOST} seconds"))


def _check_history(_workflow: object, _attribute: object, length: int | None) -> None:
    if length is not None and not 0 <= length <= HISTORY_MOST:
        raise InvalidInput(FieldError("history", f"must be between 0 and {HISTORY_MOST}"))


def check_texts(*, handle: str | None = None, name: str | None = None, description: str | None = None) -> None:
    """Raise :class:`InvalidInput` for what no workflow can have; None is not looked at."""
    for check, text in ((_check_handle, handle), (_check_name, name), (_check_description, description)):
        if text is not None:
            check(None, None, text)


@frozen(kw_only=True)
class Workflow:
    """What an owner built and can publish.

    ``revision`` counts the changes: a store takes a save only from the revision it has (optimistic locking), so of
    two racing owners one wins and the other gets an error.
    """

    id: str
    handle: str = field(validator=_check_handle)
    name: str = field(converter=plain_blanks, validator=_check_name)
    description: str = field(default="", validator=_check_description)
    owner: Actor
    runner: RunnerSpec
    created_at: datetime
    updated_at: datetime
    publication: Publication | None = None
    revision: int = 1
    publication_number: int = 0
    """How often it was opened or closed, or had all its chats ended: what began under one number may depend on it."""
    time_limit: int | None = field(default=None, validator=_check_time_limit)
    """Seconds without a sign of life that end an answer, None for what the server gives."""
    history_length: int | None = field(default=None, validator=_check_history)
    """How many earlier entries of a thread a run is given, None for what the server gives."""
    allowed_origins: tuple[str, ...] = ()
    """The sites whose pages may show its chat in a frame; see :func:`~orcheo_core.domain.origins.exact_origins`."""
    look: Look = NO_LOOK
    """How its chat looks to visitors, and what they may choose from."""
    identity_keys: tuple[IdentityKey, ...] = ()
    """By which other sites sign who their visitors are, newest first; none when no such identity is believed."""
    archived_at: datetime | None = None
    """Since when it is put aside: private, left out of lists, its threads kept."""

    @property
    def is_public(self) -> bool:
        """Whether visitors may come in at all."""
        return self.publication is not None

    def require_publication(self, *, hint: str | None = None) -> Publication:
        """The publication of a public workflow; :class:`NotPublished` for a private one."""
        if self.publication is None:
            is_archived = self.archived_at is not None
            raise NotPublished(
                f"The workflow {self.handle!r} is {'archived' if is_archived else 'private'}.",
                hint=hint or (WorkflowArchived.hint if is_archived else None),
            )
        return self.publication

    def published(self, actor: Actor, *, at: datetime, token_id: str, require_login: bool) -> "Workflow":
        """Private → public, with the publish token ``token_id``."""
        if self.publication is not None:
            since = f"{self.publication.published_at:%Y-%m-%d %H:%M} UTC"
            raise AlreadyPublished(f"The workflow {self.handle!r} has been public since {since}.")
        if self.archived_at is not None:
            raise WorkflowArchived(f"The workflow {self.handle!r} is archived.")
        opened = Publication(published_at=at, published_by=actor, require_login=require_login, token_id=token_id)
        return self._renumbered(at, publication=opened)

    def token_rotated(self, *, at: datetime, token_id: str) -> "Workflow":
        """Public → public with another publish token."""
        current = self.require_publication()
        return self._changed(at, publication=evolve(current, token_id=token_id, rotated_at=at))

    def unpublished(self, *, at: datetime) -> "Workflow":
        """Public → private."""
        self.require_publication(
            hint="It is already closed. --end-sessions also ends the chat sessions and answers that are still open."
        )
        return self._renumbered(at, publication=None)

    def archived(self, *, at: datetime) -> "Workflow":
        """Put aside, and private from now on; :class:`AlreadyArchived`."""
        if self.archived_at is not None:
            raise AlreadyArchived(
                f"The workflow {self.handle!r} was archived on {self.archived_at:%Y-%m-%d %H:%M} UTC."
            )
        return self._renumbered(at, archived_at=at, publication=None)

    def unarchived(self, *, at: datetime) -> "Workflow":
        """Brought back, still private; :class:`NotArchived`."""
        if self.archived_at is None:
            raise NotArchived(f"The workflow {self.handle!r} is not archived.")
        return self._changed(at, archived_at=None)

    def chats_ended(self, *, at: datetime) -> "Workflow":
        """Open or not as before, with no chat left that was begun by now."""
        return self._renumbered(at)

    def with_login(self, *, at: datetime, require_login: bool) -> "Workflow":
        """The login rule changed, the publish token untouched."""
        current = self.require_publication()
        return self._changed(at, publication=evolve(current, require_login=require_login))

    def identity_rotated(self, key: IdentityKey, *, at: datetime, grace: timedelta) -> "Workflow":
        """With another identity secret; the former ones end after ``grace``."""
        former = (each.ending(at + grace) for each in self.identity_keys)
        return self._changed(at, identity_keys=(key, *(each for each in former if each.is_live(at))))

    def vouches_since(self, moment: datetime, *, now: datetime) -> bool:
        """Whether a secret is live still that may have signed, at ``moment``, who a visitor is."""
        return any(each.is_live(now) and each.issued_at <= moment for each in self.identity_keys)

    def edited(self, *, at: datetime, **fields: Any) -> "Workflow":
        """Other values of fields that say nothing about being public: ``handle``, ``name``, ``runner`` and the like."""
        return self._changed(at, **fields)

    def _renumbered(self, at: datetime, **fields: Any) -> "Workflow":
        return self._changed(at, publication_number=self.publication_number + 1, **fields)

    def _changed(self, at: datetime, **fields: Any) -> "Workflow":
        return evolve(self, updated_at=at, revision=self.revision + 1, **fields)


@frozen(kw_only=True)
class WorkflowFilter:
    """Which workflows: of an owner (by the name of the actor), public or private, with all words in handle or name."""

    owner: str | None = None
    is_public: bool | None = None
    words: tuple[str, ...] = ()
    """As :func:`~orcheo_core.domain.search.search_words` makes them."""
    include_archived: bool = False

    def admits(self, workflow: Workflow) -> bool:
        """Whether it is such a workflow."""
        said = folded(f"{workflow.handle} {workflow.name}")
        return (
            self.owner in {None, workflow.owner.name}
            and self.is_public in {None, workflow.is_public}
            and (self.include_archived or workflow.archived_at is None)
            and all(word in said for word in self.words)
        )
