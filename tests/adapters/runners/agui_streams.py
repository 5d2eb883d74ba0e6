"""Whole streams of AG-UI: of each kind that there is, and with each mistake that servers make.

:data:`VALID` and :data:`WRONG` are what ``ag-ui-validate`` finds them to be, where it is installed: see
:mod:`tests.frameworks.test_agui_streams`. Its rules are named, so that both say the same of a stream.
"""

import json
from typing import Any

from attrs import frozen

from tests.adapters.runners.agui_events import FINISHED, HELLO, STARTED, call, result, text

Json = dict[str, Any]
NOT_AG_UI = "The agent's answer is not AG-UI"
SAYS_NOTHING = "ended without text"


@frozen
class Stream:
    """What a server sends, and what becomes of it."""

    sent: tuple[Any, ...]
    """Events, or lines that are none."""
    answer: str | None = "Hello"
    """What the visitor reads; None where the turn fails."""
    reason: str = ""
    """What the owner reads then."""
    rule: str = ""
    """What the validator says of it."""

    @property
    def lines(self) -> str:
        """As JSON lines."""
        return "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in self.sent)


def _run(*events: Any, **about: Any) -> Stream:
    return Stream((STARTED, *events, FINISHED), **about)


def _of(kind: str, **fields: Any) -> Json:
    return {"type": kind, **fields}


_AFTER = _of("TEXT_MESSAGE_CHUNK", messageId="m9", role="assistant", delta="after")
_STATE = _of("STATE_SNAPSHOT", snapshot={"count": 1})
_DELTA = _of("STATE_DELTA", delta=[{"op": "replace", "path": "/count", "value": 2}])
_WEATHER = call("c1", "weather", '{"city": "Paris"}')
_INTERRUPT = {"type": "interrupt", "interrupts": [{"id": "i1", "reason": "confirmation", "message": "Delete it?"}]}

VALID = {
    "text": _run(*HELLO),
    "chunks": _run(_of("TEXT_MESSAGE_CHUNK", messageId="m1", role="assistant", delta="Hello")),
    "two messages": _run(*HELLO, _AFTER, answer="Helloafter"),
    "tool": _run(*_WEATHER, result("c1", "Sunny"), *HELLO),
    "tool in chunks": _run(
        _of("TOOL_CALL_CHUNK", toolCallId="c1", toolCallName="weather", delta="{}"), result("c1", "Sunny"), *HELLO
    ),
    "tool of the page only": _run(*_WEATHER, answer=None, reason=SAYS_NOTHING),
    "state": _run(_STATE, _DELTA, *HELLO),
    "messages": _run(_of("MESSAGES_SNAPSHOT", messages=[{"id": "m1", "role": "assistant", "content": "Hello"}])),
    "steps": _run(_of("STEP_STARTED", stepName="look"), *HELLO, _of("STEP_FINISHED", stepName="look")),
    "reasoning": _run(
        _of("REASONING_START", messageId="r1"),
        _of("REASONING_MESSAGE_START", messageId="r1", role="reasoning"),
        _of("REASONING_MESSAGE_CONTENT", messageId="r1", delta="Hm."),
        _of("REASONING_MESSAGE_END", messageId="r1"),
        _of("REASONING_END", messageId="r1"),
        *HELLO,
    ),
    "sub-agent": _run(
        _of("SUBAGENT_STARTED", subagentRunId="s1", name="A"), _of("SUBAGENT_FINISHED", subagentRunId="s1"), *HELLO
    ),
    "custom and raw": _run(_of("CUSTOM", name="acme.seen", value=1), _of("RAW", event={"any": "thing"}), *HELLO),
    "question": Stream((STARTED, *HELLO, {**FINISHED, "outcome": _INTERRUPT})),
    "error": Stream((STARTED, *HELLO, _of("RUN_ERROR", message="No luck")), answer=None, reason="No luck"),
}
"""Each is accepted; one without anything for the visitor says so to its owner."""

WRONG = {
    "begins without RUN_STARTED": Stream((*HELLO, FINISHED), rule="AGUI001"),
    "begins twice": _run(STARTED, *HELLO, rule="AGUI002"),
    "never ends": Stream((STARTED, *HELLO), None, "without RUN_FINISHED", "AGUI003"),
    "goes on after its end": _run(*HELLO, FINISHED, _AFTER, rule="AGUI004"),
    "fails after its end": Stream((STARTED, *HELLO, FINISHED, _of("RUN_ERROR", message="No luck")), rule="AGUI005"),
    "ends a step that did not begin": _run(_of("STEP_FINISHED", stepName="look"), *HELLO, rule="AGUI006"),
    "leaves a step open": _run(_of("STEP_STARTED", stepName="look"), *HELLO, rule="AGUI007"),
    "text without its start": _run(text("m1", "Hello"), rule="AGUI101"),
    "end of a text that did not begin": _run(*HELLO, _of("TEXT_MESSAGE_END", messageId="m2"), rule="AGUI102"),
    "text without its end": _run(*HELLO[:-1], rule="AGUI103"),
    "the same message again": _run(*HELLO, HELLO[0], HELLO[-1], rule="AGUI104"),
    "a message within itself": _run(HELLO[0], *HELLO, rule="AGUI106"),
    "arguments of no call": _run(_of("TOOL_CALL_ARGS", toolCallId="c1", delta="{}"), *HELLO, rule="AGUI201"),
    "end of no call": _run(_of("TOOL_CALL_END", toolCallId="c1"), *HELLO, rule="AGUI202"),
    "a call without its end": _run(*_WEATHER[:-1], *HELLO, rule="AGUI203"),
    "arguments that are not JSON": _run(*call("c1", "weather", '{"city": '), *HELLO, rule="AGUI204"),
    "the same call again": _run(*_WEATHER, *_WEATHER, *HELLO, rule="AGUI205"),
    "a result of no call": _run(result("c1", "Sunny"), *HELLO, rule="AGUI207"),
    "a patch that does not fit": _run(
        _STATE, _of("STATE_DELTA", delta=[{"op": "remove", "path": "/other"}]), *HELLO, rule="AGUI302"
    ),
    "a patch that is none": _run(
        _STATE, _of("STATE_DELTA", delta=[{"op": "burn", "path": "/"}]), *HELLO, rule="AGUI303"
    ),
    "reasoning without its start": _run(
        _of("REASONING_MESSAGE_CONTENT", messageId="r1", delta="Hm."), *HELLO, rule="AGUI401"
    ),
    "no JSON": Stream((STARTED, '{"type": "TEXT_', FINISHED), None, NOT_AG_UI, "AGUI502"),
    "an event of no known type": _run(_of("SOMETHING_NEW", of="it"), *HELLO, rule="AGUI503"),
    "an event without a field": _run(
        _of("TOOL_CALL_START", toolCallId="c1"), *HELLO, answer=None, reason=NOT_AG_UI, rule="AGUI504"
    ),
    "a sub-agent twice": _run(*[_of("SUBAGENT_STARTED", subagentRunId="s1", name="A")] * 2, *HELLO, rule="AGUI601"),
    "the end of no sub-agent": _run(_of("SUBAGENT_FINISHED", subagentRunId="s1"), *HELLO, rule="AGUI602"),
}
"""Each is read as far as it makes sense, or fails with the reason."""

STREAMS = {**VALID, **WRONG}
NEXT = "And now?"


async def agent(given: dict[str, Any]) -> Any:
    """Answer with the stream that the visitor names, as a server sends it; anything else with a text."""
    content = given["messages"][-1]["content"]
    stream = STREAMS.get(content, _run(_of("TEXT_MESSAGE_CHUNK", messageId="n1", role="assistant", delta="next")))
    for line in stream.lines.splitlines():
        yield f"data: {line}\n\n"
