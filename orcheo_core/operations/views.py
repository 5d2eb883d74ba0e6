"""What operations answer: the same fields by CLI ``--json``, MCP, HTTP and Python. No digest, no secret but the one
that is shown once."""

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import asdict, field, frozen

from orcheo_core.domain.look import NO_LOOK, Look
from orcheo_core.domain.shown_text import cut_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from orcheo_core.domain.share_link import ShareLinks
    from orcheo_core.domain.turn import TurnSum
    from orcheo_core.domain.usage_days import Days, Figures, Times, UsageOfDays
    from orcheo_core.domain.workflow import Workflow
    from orcheo_core.operations.services import OwnerServices
    from orcheo_core.services.owners.probing import Probe
    from orcheo_core.services.owners.publishing import Standing

_EXCERPT = 200


@frozen(kw_only=True)
class RunnerView:
    """How a workflow is executed."""

    kind: str
    target: str
    settings: dict[str, str]


@frozen(kw_only=True)
class SecretView:
    """A publish token or identity secret that counts: the current one, or a former one in its grace period."""

    hint: str
    state: str
    """``current`` or ``grace``."""
    expires_at: datetime | None
    """When it ends, if that is known."""

    @classmethod
    def of(cls, hint: str, *, ends_at: datetime | None) -> "SecretView":
        """The view of one; only what was replaced has an end."""
        return cls(hint=hint, state="grace" if ends_at else "current", expires_at=ends_at)


@frozen(kw_only=True)
class TurnCounts:
    """Turns in some time: how many, how many of them failed, by how many visitors, what runs reported to have used."""

    turns: int
    failed: int
    visitors: int
    input_tokens: int
    output_tokens: int

    @classmethod
    def of(cls, summed: "TurnSum") -> "TurnCounts":
        """The view of a sum."""
        return cls(turns=summed.turns, failed=summed.failed, visitors=summed.visitors, **asdict(summed.usage))


@frozen(kw_only=True)
class FailureView:
    """The last turn that failed: when, in which thread, and why, for the owner only."""

    at: datetime
    thread_id: str
    turn_id: str
    code: str | None
    reason: str | None


@frozen(kw_only=True)
class TimesView:
    """How long something took, in seconds: half of all took at most ``median``, 95 of 100 at most ``p95``."""

    median: float
    p95: float

    @classmethod
    def of(cls, times: "Times | None") -> "TimesView | None":
        """The view of times that were measured."""
        if times is None:
            return None
        return cls(median=round(times.median.total_seconds(), 3), p95=round(times.p95.total_seconds(), 3))


@frozen(kw_only=True)
class UsageView(TurnCounts):
    """What a chat was used for on one day, or on several; a day begins at midnight UTC."""

    day: str | None
    """Such as ``2026-11-27``; null of several days together."""
    failures: dict[str, int]
    """How many turns failed, by the code of the reason."""
    first_event: TimesView | None
    """From the visitor's message to the first thing that the workflow said; null where that was not measured."""
    whole_turn: TimesView | None
    """From the visitor's message to the end of the answer, of turns that completed."""
    refusals: dict[str, int]
    """How many requests of visitors were refused, by the code of the error."""

    @classmethod
    def of_figures(cls, figures: "Figures", refusals: "Mapping[str, int]", day: "date | None" = None) -> "UsageView":
        """The view of figures."""
        return cls(
            day=day.isoformat() if day else None,
            turns=figures.turns,
            failed=sum(figures.failures.values()),
            visitors=figures.visitors,
            **asdict(figures.usage),
            failures=dict(sorted(figures.failures.items())),
            first_event=TimesView.of(figures.first_event),
            whole_turn=TimesView.of(figures.whole_turn),
            refusals=dict(sorted(refusals.items())),
        )


@frozen(kw_only=True)
class UsageOfDaysView:
    """The usage of some days: of all of them together, and of each, the earliest first and today last."""

    in_all: UsageView
    days: tuple[UsageView, ...]

    @classmethod
    def of(cls, days: "Days", usage: "UsageOfDays") -> "UsageOfDaysView":
        """The view of what was counted; days without any turn are in it."""
        from orcheo_core.domain.usage_days import Figures

        nothing = Figures()
        return cls(
            in_all=UsageView.of_figures(usage.in_all, usage.refused()),
            days=tuple(UsageView.of_figures(usage.by_day.get(day, nothing), usage.refused(day), day) for day in days),
        )


@frozen(kw_only=True)
class ActivityView:
    """How a chat is doing."""

    last_day: TurnCounts
    in_all: TurnCounts
    last_used_at: datetime | None
    last_failure: FailureView | None
    usage: UsageOfDaysView | None
    """Day by day, where that was asked for."""

    @classmethod
    def of(cls, last_day: "TurnSum", in_all: "TurnSum", usage: UsageOfDaysView | None = None) -> "ActivityView":
        """The view of two sums."""
        failed = in_all.latest_failed
        return cls(
            last_day=TurnCounts.of(last_day),
            in_all=TurnCounts.of(in_all),
            last_used_at=in_all.latest_at,
            usage=usage,
            last_failure=None
            if failed is None
            else FailureView(
                at=failed.started_at,
                thread_id=failed.thread_id,
                turn_id=failed.id,
                code=failed.fault.code if failed.fault else None,
                reason=failed.fault.reason if failed.fault else None,
            ),
        )


@frozen(kw_only=True)
class ConductView:
    """What a workflow has done to the server's process since its start."""

    blocks: int
    """How often it stopped the event loop, and with it every chat, for a second or more."""
    longest_block: float
    """Seconds of the longest block."""
    threads_left: int
    """Threads that still run although the runs that started them are over."""
    output_cut: int
    """Runs that wrote more to standard output, standard error and the log than is kept."""
    process_ends: int
    """How often its own process ended without being asked to; of a workflow with ``isolation=process``."""
    process_memory: int | None
    """Bytes of memory that its own process has now; None without one."""


@frozen(kw_only=True)
class WorkflowView:
    """A workflow as its owner sees it; times are UTC, in ISO 8601 on the wire."""

    id: str
    handle: str
    name: str
    description: str
    owner: str
    runner: RunnerView
    created_at: datetime
    updated_at: datetime
    is_public: bool
    require_login: bool
    published_at: datetime | None
    published_by: str | None
    publish_token_hint: str | None
    publish_token_rotated_at: datetime | None
    publish_tokens: tuple[SecretView, ...]
    """All that open chat sessions now."""
    share_url: str | None
    """The share link while the workflow is public."""
    obstacle: str | None
    """Code of the reason why no visitor can come in although the workflow is public: ``closed_until_restart``,
    ``feature_disabled`` or ``no_identity_provider``."""
    identity_secret_hint: str | None
    """Of the secret by which other sites sign who their visitors are, as far as it may be shown."""
    identity_secrets: tuple[SecretView, ...]
    """All whose signature is believed now."""
    allowed_origins: tuple[str, ...]
    """The sites that may show the chat in a bubble."""
    look: Look | None
    """How the chat looks to visitors; null while nothing of it is set."""
    archived_at: datetime | None
    time_limit: int
    """Seconds for one answer."""
    history: int
    """How many earlier entries of a thread a run is given."""
    activity: ActivityView | None = None
    """How its chat is doing; only where one workflow is shown."""
    turns_by_day: tuple[int, ...] | None = None
    """The turns of each of the last days, today (UTC) last; only where workflows are listed and it was asked for."""
    running: dict[str, int] | None = None
    """How many turns, actions, uploads, checks and exports of it run now, by kind; only where one is shown."""
    conduct: ConductView | None = None
    """What it has done to the server's process, only where workflows are shown or listed; None while it did no harm."""

    @classmethod
    def of(cls, workflow: "Workflow", standing: "Standing", share_links: "ShareLinks") -> "WorkflowView":
        """The view of a workflow."""
        from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
        from orcheo_core.domain.workflow import ANSWER_SECONDS, HISTORY_LENGTH

        opened = workflow.publication
        return cls(
            id=workflow.id,
            handle=workflow.handle,
            name=workflow.name,
            description=workflow.description,
            owner=str(workflow.owner),
            runner=RunnerView(**asdict(workflow.runner)),
            created_at=workflow.created_at,
            updated_at=workflow.updated_at,
            is_public=workflow.is_public,
            require_login=opened.require_login if opened else False,
            published_at=opened.published_at if opened else None,
            published_by=str(opened.published_by) if opened else None,
            publish_token_hint=f"{PUBLISH_TOKEN_PREFIX}{opened.token_id}…" if opened else None,
            publish_token_rotated_at=opened.rotated_at if opened else None,
            publish_tokens=tuple(SecretView.of(token.hint, ends_at=token.ends_at) for token in standing.live_tokens),
            share_url=share_links.of(workflow) if opened else None,
            obstacle=standing.obstacle.code if standing.obstacle else None,
            identity_secret_hint=workflow.identity_keys[0].hint if workflow.identity_keys else None,
            identity_secrets=tuple(SecretView.of(key.hint, ends_at=key.ends_at) for key in standing.live_identity_keys),
            allowed_origins=workflow.allowed_origins,
            look=None if workflow.look == NO_LOOK else workflow.look,
            archived_at=workflow.archived_at,
            time_limit=workflow.time_limit or ANSWER_SECONDS,
            history=HISTORY_LENGTH if workflow.history_length is None else workflow.history_length,
        )


async def view_of(services: "OwnerServices", workflow: "Workflow") -> WorkflowView:
    """The view of a workflow as it stands now."""
    return WorkflowView.of(workflow, await services.publishing.standing(workflow), services.share_links)


@frozen(kw_only=True)
class WorkflowResult:
    """One workflow and a sentence about what was done."""

    workflow: WorkflowView
    message: str


@frozen(kw_only=True)
class CheckResult:
    """What a probe turn showed; one that fails is the error ``workflow_check_failed``."""

    workflow: WorkflowView
    ok: bool
    answer: str
    """The beginning of the answer."""
    seconds: float
    """Until the answer was whole."""
    first_seconds: float
    """Until its first text."""
    pieces: int
    """In how many the text came."""
    remembers: bool | None
    """Whether it repeated a word that was said before; null when it was not asked."""
    stops: bool | None
    """Whether it ended soon after a stop in the middle of its answer; null when it was not stopped."""
    unread: tuple[str, ...]
    """What of the answer could not be read or shown."""
    message: str

    @classmethod
    def of(cls, workflow: WorkflowView, probe: "Probe") -> "CheckResult":
        """The result of a probe turn that was answered."""
        answer = shorten(probe.answer)
        return cls(
            workflow=workflow,
            ok=True,
            answer=answer,
            seconds=round(probe.seconds, 3),
            first_seconds=round(probe.first_seconds, 3),
            pieces=probe.pieces,
            remembers=probe.remembers,
            stops=probe.stops,
            unread=probe.unread,
            message=advised(
                f"{workflow.handle} answered in {probe.seconds:.1f} s ({probe.manner}): {answer}", probe.advice
            ),
        )


def advised(message: str, advice: str | None) -> str:
    """The message of a result, with what the owner should know of the workflow in a line of its own."""
    return message if advice is None else f"{message}\n{advice}"


def shorten(text: str) -> str:
    """The beginning of ``text`` in one line."""
    return cut_to(" ".join(text.split()), _EXCERPT)


@frozen(kw_only=True)
class PublishResult:
    """A workflow after a change of its publish state.

    ``publish_token`` is there after publish and rotate only, and only this once.
    """

    workflow: WorkflowView
    publish_token: str | None = field(default=None, repr=False)
    share_url: str | None
    message: str


@frozen(kw_only=True)
class WorkflowPage:
    """Some of the workflows, newest first; ``next_after`` begins the next page, None on the last one."""

    workflows: tuple[WorkflowView, ...]
    next_after: str | None
