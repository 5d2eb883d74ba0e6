"""Objects of frameworks that keep the conversation in themselves, and so must not be shared between visitors."""

import inspect
from collections.abc import Iterator
from typing import Any

_KEEPERS = {
    "autogen_agentchat": ("AssistantAgent", "BaseChatAgent", "BaseGroupChat"),
    "llama_index": ("BaseChatEngine", "BaseMemory"),
    "smolagents": ("MultiStepAgent",),
    "strands": ("Agent", "MultiAgentBase"),
}
"""By the first part of their module's name: classes, whose subclasses count too."""
_COPIES = ("copy", "deepcopy")


def shared_object(call: Any) -> Any | None:
    """The first such object that ``call`` is, is bound to, or uses; None when it is not known to use any.

    A function that copies something is left alone: it may well copy the object for each answer.
    """
    return next((each for each in _used_by(call) if is_keeper(each)), None)


def is_keeper(value: Any) -> bool:
    """Whether it is known to keep a conversation."""
    return any(each.__name__ in _KEEPERS.get(each.__module__.partition(".")[0], ()) for each in type(value).__mro__)


def _used_by(call: Any) -> Iterator[Any]:
    yield call
    yield getattr(call, "__self__", None)
    function = inspect.unwrap(getattr(call, "__func__", call))
    code = getattr(function, "__code__", None)
    if code is None or not set(_COPIES).isdisjoint((*code.co_names, *code.co_freevars)):
        return
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not set yet
            continue
    for name in code.co_names:
        found = function.__globals__.get(name)
        yield found
        yield getattr(found, "__self__", None)
