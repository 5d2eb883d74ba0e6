"""A stand-in for DSPy: programs with signatures, and what streams them."""

from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

from attrs import define, field

ASKED: list[dict[str, Any]] = []
LISTENED: list[list[str]] = []
MODULE = ModuleType("dspy")
MODULES = {MODULE.__name__: MODULE}


@define
class History:
    messages: list[dict[str, Any]]


@define
class StreamListener:
    signature_field_name: str


@define
class StreamResponse:
    signature_field_name: str
    chunk: str


@define
class StatusMessage:
    message: str


@define
class Prediction:
    fields: dict[str, Any]

    def items(self) -> Iterator[tuple[str, Any]]:
        return iter(self.fields.items())

    def get_lm_usage(self) -> dict[str, Any] | None:
        return {"model": {"prompt_tokens": 3, "completion_tokens": 2}} if "answer" in self.fields else None


def _fields(**kinds: Any) -> dict[str, Any]:
    return {name: SimpleNamespace(annotation=kind) for name, kind in kinds.items()}


@define
class Module:
    """A program."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]
    streams: bool = True
    has_own_signature: bool = True
    predictors: int = 1
    gives: Prediction | None = None
    signature: Any = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if self.has_own_signature:
            self.signature = self._signature

    @property
    def _signature(self) -> Any:
        return SimpleNamespace(input_fields=self.inputs, output_fields=self.outputs)

    def named_predictors(self) -> list[tuple[str, Any]]:
        return [(f"self{n}", SimpleNamespace(signature=self._signature)) for n in range(self.predictors)]


Module.__module__ = "dspy.primitives.module"


def _streamify(program: Module, *, stream_listeners: list[StreamListener]) -> Callable[..., AsyncIterator[Any]]:
    names = [each.signature_field_name for each in stream_listeners]
    LISTENED.append(names)

    async def stream(**given: Any) -> AsyncIterator[Any]:
        ASKED.append(given)
        text = str(given.get("question"))
        if "fail" in text:
            raise LookupError(text)
        yield StatusMessage("Calling tool weather...")
        if "reasoning" in names:
            yield StreamResponse("reasoning", "Hm.")
        if program.streams:
            for word in ("You ", "said ", text):
                yield StreamResponse("answer", word)
        if "cut" not in text:
            yield program.gives or Prediction({"reasoning": "Hm.", "answer": f"You said {text}"})

    return stream


MODULE.__dict__.update(History=History, streamify=_streamify, streaming=SimpleNamespace(StreamListener=StreamListener))

chain = Module(_fields(question=str, history=History), _fields(reasoning=str, answer=str))
at_once = Module(_fields(question=str), _fields(answer=str), streams=False, has_own_signature=False, predictors=2)
listed = Module(
    _fields(question=str),
    _fields(cities=list, count=int),
    streams=False,
    gives=Prediction({"cities": ["Paris"], "count": 1}),
)
of_two = Module(_fields(question=str, place=str), _fields(answer=str))
without_signature = Module(_fields(question=str), _fields(answer=str), has_own_signature=False, predictors=0)
