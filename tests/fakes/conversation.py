"""A thread with a workflow that is run without a server: what it says and keeps is the history of its next turns."""

from collections.abc import Sequence
from datetime import UTC, datetime

from attrs import Factory, define

from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.component_items import Ending, EndingKind, EndOfTurnItem
from orcheo_core.domain.run import (
    Cause,
    ContextKept,
    InputAsked,
    NoticeGiven,
    PastMessage,
    RunContext,
    RunEvent,
    RunRequest,
    SentFile,
    StepNoted,
    TextDelta,
    UsageReported,
)
from orcheo_core.domain.structured_input import InputStatus, Question, QuestionAnswer, StructuredInputItem
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import Run
from tests.fakes.clock import FakeClock
from tests.fakes.sink import FakeSink

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def file(name: str, mime_type: str, data: bytes) -> SentFile:
    """A file that comes with a message."""
    return SentFile(name=name, mime_type=mime_type, size=len(data), read=lambda: data)


@define
class Conversation:
    """One thread with one workflow."""

    spec: RunnerSpec
    thread_id: str = "thr_1"
    registry: RunnerRegistry = Factory(lambda: RunnerRegistry(Conditions(time_limit=30.0, clock=FakeClock())))
    history: list[PastMessage] = Factory(list)
    events: list[RunEvent] = Factory(list)
    """What the last turn said."""

    @classmethod
    def of(cls, target: str, *, kind: str = "agent", **settings: str) -> "Conversation":
        """With a workflow of this target and these settings."""
        return cls(RunnerSpec(kind=kind, target=target, settings=settings))

    def beside(self, thread_id: str) -> "Conversation":
        """Another thread of the same workflow on the same server."""
        return Conversation(self.spec, thread_id=thread_id, registry=self.registry)

    def after_restart(self) -> "Conversation":
        """The same thread on a server that was started again."""
        return Conversation(self.spec, thread_id=self.thread_id, history=list(self.history))

    def run(self, text: str, *, cause: Cause | None = None, files: Sequence[SentFile] = ()) -> Run:
        """The run of the next turn."""
        context = RunContext(
            workflow_id="wf_1",
            thread_id=self.thread_id,
            turn_id="trn_1",
            subject=Subject("anon:vis_1"),
            history=tuple(self.history),
            cause=cause,
            attachments=tuple(files),
        )
        runner = self.registry.get(self.spec.kind)
        return runner.run(RunRequest(spec=self.spec, text=text, context=context))

    async def say(self, text: str, *, cause: Cause | None = None, files: Sequence[SentFile] = ()) -> str:
        """The answer to a message; an error leaves an ending in the history, as in a real thread."""
        run = self.run(text, cause=cause, files=files)
        if cause is None:
            self.history.append(PastMessage(said_by="visitor", text=text))
        self.events = []
        try:
            async for event in FakeSink().said(run):
                self.events.append(event)
        except Exception:
            self._remember()
            ending = Ending(kind=EndingKind.FAILED)
            item = EndOfTurnItem(id="end_1", thread_id=self.thread_id, turn_id="trn_1", created_at=_NOW, ending=ending)
            self.history.append(PastMessage(said_by="workflow", text="", item=item))
            raise
        self._remember()
        return self.text

    async def answer(self, value: str) -> str:
        """The visitor answers every question that is open, or that was answered before, with this option."""
        place = max(place for place, past in enumerate(self.history) if isinstance(past.item, StructuredInputItem))
        item = self.history[place].item
        assert isinstance(item, StructuredInputItem)
        answers = {each.id: QuestionAnswer(values=(value,)) for each in item.questions}
        answered = item.submitted(InputStatus.ANSWERED, answers)
        past = [PastMessage(said_by="workflow", text=answered.questions_text, item=answered)]
        past.append(PastMessage(said_by="visitor", text=answered.answers_text))
        was_answered = not item.is_pending
        self.history[place : place + 1 + was_answered] = past
        return await self.say(answered.answers_text, cause=answered)

    def _remember(self) -> None:
        """As the thread keeps it: in the order of what was said, each answer as one entry."""
        if self.text:
            self.history.append(PastMessage(said_by="workflow", text=self.text))
        for event in self.events:
            if isinstance(event, ContextKept):
                self.history.append(PastMessage(said_by="workflow", text="", hidden=event.content))
            elif isinstance(event, InputAsked):
                item = StructuredInputItem(
                    id="sti_1", thread_id=self.thread_id, turn_id="trn_1", created_at=_NOW, questions=event.questions
                )
                self.history.append(PastMessage(said_by="workflow", text=item.questions_text, item=item))

    @property
    def text(self) -> str:
        """All text of the last turn."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def pieces(self) -> list[str]:
        """The text of the last turn as it came."""
        return [event.text for event in self.events if isinstance(event, TextDelta)]

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """Title, content and state of each step of the last turn."""
        steps = [event.step for event in self.events if isinstance(event, StepNoted)]
        return [(each.title or "", each.content or "", str(each.state)) for each in steps]

    @property
    def questions(self) -> list[Question]:
        """What the last turn asks."""
        return [each for event in self.events if isinstance(event, InputAsked) for each in event.questions]

    @property
    def notices(self) -> list[str]:
        """The notices of the last turn."""
        return [event.message for event in self.events if isinstance(event, NoticeGiven)]

    @property
    def usage(self) -> tuple[int, int]:
        """Tokens of the last turn: those of the input, those of the output."""
        used = [event.usage for event in self.events if isinstance(event, UsageReported)]
        return sum(each.input_tokens for each in used), sum(each.output_tokens for each in used)
