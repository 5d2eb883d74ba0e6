"""What the workflow of the protocol tests says, by the name of the script; both servers play the same ones."""

from collections.abc import AsyncIterator

from orcheo_core.domain.component_items import ClientToolCallItem, Step, StepKind, StepState
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import (
    ActionTaken,
    AnswerEnded,
    ClientToolCalled,
    ContextKept,
    EffectCaused,
    ImageShown,
    InputAsked,
    NoticeGiven,
    ProgressNote,
    RunContext,
    RunEvent,
    SourceCited,
    StepNoted,
    TextDelta,
    TitleGiven,
    WidgetChanged,
    WidgetShown,
)
from orcheo_core.domain.sources import Source
from orcheo_core.domain.structured_input import Question, StructuredInputItem

CARD = {"type": "Card", "children": [{"type": "Text", "value": "Pick one"}]}
CHANGED_CARD = {"type": "Card", "children": [{"type": "Text", "value": "Thanks"}]}
QUESTIONS = (
    Question(id="size", question="Which size?", options=("S", "M"), multiple=False),
    Question(id="why", question="Why?", description="In your own words"),
)
PAGE = Source(title="A page", url="https://example.org/a", description="About it")
FILE = Source(title="A file", filename="a.md")
ENTITY = Source(title="A thing", entity_id="thing_1", icon="cube", interactive=True, data={"n": 1})

SCRIPTS: dict[str, list[RunEvent]] = {
    "text": [TextDelta("Hel"), TextDelta("lo")],
    "nothing": [],
    "cited": [TextDelta("So it is."), *(SourceCited(Citation(source=each, index=9)) for each in (PAGE, FILE, ENTITY))],
    "two answers": [TextDelta("One"), AnswerEnded(), TextDelta("Two")],
    "progress": [ProgressNote(text="Looking", icon="search"), TextDelta("Found")],
    "steps": [
        StepNoted(
            index=0, step=Step(title="Search", kind=StepKind.WEB_SEARCH, queries=("a",), state=StepState.LOADING)
        ),
        StepNoted(
            index=0, step=Step(title="Search", kind=StepKind.WEB_SEARCH, queries=("a",), state=StepState.COMPLETE)
        ),
        StepNoted(index=1, step=Step(kind=StepKind.THOUGHT, content="Hm")),
        StepNoted(index=2, step=Step(title="Note", content="Done", icon="check")),
        StepNoted(index=3, step=Step(title="Files", kind=StepKind.FILE)),
        StepNoted(index=4, step=Step(title="Picture", kind=StepKind.IMAGE)),
        TextDelta("Answer"),
    ],
    "widget": [TextDelta("Look"), WidgetShown(widget=CARD, copy_text="Pick one")],
    "image": [ImageShown(url="https://example.org/a.png")],
    "client tool": [ClientToolCalled(name="open_map", arguments={"at": "Bern"})],
    "questions": [TextDelta("I need to know:"), InputAsked(questions=QUESTIONS)],
    "effect": [EffectCaused(name="highlight", data={"id": 1}), TextDelta("There")],
    "notice": [NoticeGiven(message="Slow today", level="warning", title="Note"), TextDelta("Done")],
    "hidden": [ContextKept({"seen": True}), TextDelta("Noted")],
    "title": [TitleGiven("A fine title"), TextDelta("Named")],
    "after tool": [TextDelta("The map is open")],
    "after answers": [TextDelta("Thank you")],
    "after action": [WidgetChanged(widget=CHANGED_CARD), TextDelta("Chosen")],
}


async def play(text: str, context: RunContext) -> AsyncIterator[RunEvent]:
    """The workflow: plays the script that the visitor names, or the one that belongs to the cause of the turn."""
    for run_event in SCRIPTS[_script_for(text, context)]:
        yield run_event


def _script_for(text: str, context: RunContext) -> str:
    match context.cause:
        case ClientToolCallItem():
            return "after tool"
        case StructuredInputItem():
            return "after answers"
        case ActionTaken():
            return "after action"
    return text
