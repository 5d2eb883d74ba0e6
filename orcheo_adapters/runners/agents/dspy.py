"""Modules (programs) of DSPy."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from importlib import import_module
from typing import Any

from orcheo_adapters.runners.agents.approvals import refuse_late_answer
from orcheo_adapters.runners.agents.turn import AgentTurn
from orcheo_adapters.runners.endings import not_read
from orcheo_adapters.runners.readable import readable
from orcheo_core.domain.run import ProgressNote, RunEvent
from orcheo_core.ports.runner import RunFailed

_ANSWERS = ("answer", "response", "output", "result", "text")
_HIDDEN = frozenset({"reasoning", "trajectory", "rationale"})
"""Outputs that are the way to the answer."""


async def answer(agent: Any, turn: AgentTurn) -> AsyncIterator[RunEvent]:
    """Stream a program: its answer where it is one text, what it thinks as a note, its tools as progress."""
    refuse_late_answer(turn.context)
    for notice in not_read(each for each in turn.files if each.text is None):
        yield notice
    dspy = import_module("dspy")
    fields = _Fields.of(agent)
    listeners = [dspy.streaming.StreamListener(signature_field_name=name) for name in fields.listened(agent)]
    program = dspy.streamify(agent, stream_listeners=listeners)
    prediction, streamed = None, ""
    async with aclosing(program(**fields.given(dspy, turn))) as stream:
        async for value in stream:
            if type(value).__name__ == "Prediction":
                prediction = value
            for event in _streamed(value, fields, turn):
                yield event
            if fields.is_answer(value):
                streamed += value.chunk or ""
    for event in _last(prediction, fields, turn, streamed):
        yield event


def lacks_history(agent: Any) -> str | None:
    """What to write where a program has no place for the earlier messages."""
    fields = _Fields.of(agent)
    text, histories = fields.places(import_module("dspy"))
    if histories:
        return None
    return f'Give its signature an input for them: `"{text}, history: dspy.History -> {fields.answer or "…"}"`.'


def _streamed(value: Any, fields: "_Fields", turn: AgentTurn) -> Iterator[RunEvent]:
    match type(value).__name__:
        case "StreamResponse" if fields.is_answer(value):
            yield from turn.said.text(value.chunk)
        case "StreamResponse":
            yield from turn.said.think(value.chunk)
        case "StatusMessage":
            yield ProgressNote(text=value.message)


def _last(prediction: Any, fields: "_Fields", turn: AgentTurn, streamed: str) -> Iterator[RunEvent]:
    """What did not stream, and what was used where DSPy tracks it."""
    if prediction is None:
        return
    found = dict(prediction.items())
    shown = found.get(fields.answer) if fields.answer else {k: v for k, v in found.items() if k not in _HIDDEN}
    if (whole := readable(shown)).startswith(streamed):  # the stream ends at words that look like DSPy's own marks
        rest = whole.removeprefix(streamed)
        yield from turn.said.text(rest) if streamed else turn.said.whole(rest)
    usage = prediction.get_lm_usage() or {}
    for each in usage.values():
        yield from turn.said.used(each.get("prompt_tokens"), each.get("completion_tokens"))


class _Fields:
    """What a program takes and gives, by the names of its fields."""

    def __init__(self, inputs: Mapping[str, Any], outputs: list[str]) -> None:
        self._inputs = inputs
        shown = [name for name in outputs if name not in _HIDDEN]
        named = next((name for name in _ANSWERS if name in shown), None)
        self.answer = named or (shown[0] if len(shown) == 1 else None)
        """The output that is the answer; None where there are several that may be."""

    @classmethod
    def of(cls, program: Any) -> "_Fields":
        """From the program's own signature, or from the first and the last of its predictors."""
        signature = getattr(program, "signature", None)
        predictors = [predictor.signature for _, predictor in program.named_predictors()]
        first = signature if hasattr(signature, "input_fields") else next(iter(predictors), None)
        last = signature if hasattr(signature, "output_fields") else next(reversed(predictors), None)
        if first is None or last is None:
            raise RunFailed("program_without_signature", "The program has no predictor whose fields could be read.")
        return cls(first.input_fields, list(last.output_fields))

    def is_answer(self, value: Any) -> bool:
        """Whether a value of the stream is a piece of the answer."""
        return type(value).__name__ == "StreamResponse" and value.signature_field_name == self.answer

    def listened(self, program: Any) -> Iterator[str]:
        """The outputs that exactly one predictor gives as text, which can be streamed."""
        given = [
            name
            for _, predictor in program.named_predictors()
            for name, each in predictor.signature.output_fields.items()
            if each.annotation is str
        ]
        yield from (name for name in (self.answer, "reasoning") if name and given.count(name) == 1)

    def given(self, dspy: Any, turn: AgentTurn) -> dict[str, Any]:
        """The inputs of this turn: the text, and the history where the signature has a place for it."""
        text, histories = self.places(dspy)
        past = [{text: each.asked, self.answer or "answer": each.answered} for each in turn.exchanges()]
        return {text: turn.text_with_files()} | {name: dspy.History(messages=past) for name in histories}

    def places(self, dspy: Any) -> tuple[str, list[str]]:
        """The input that gets the visitor's message, and those that get the history."""
        histories = [name for name, each in self._inputs.items() if each.annotation is dspy.History]
        texts = [name for name in self._inputs if name not in histories]
        if len(texts) != 1:
            raise RunFailed(
                "program_input_unknown",
                f"The program takes {', '.join(texts) or 'no text'}, and which is the visitor's message is not known. "
                "Give it one input besides the history, or register a function with --runner python.",
            )
        return texts[0], histories
