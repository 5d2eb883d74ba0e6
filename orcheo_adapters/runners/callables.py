"""How a callable is called: what each of its parameters gets, and which form of a method is taken."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen

from orcheo_adapters.system.own_code import is_own
from orcheo_core.domain.run import RunContext

_POSITIONS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def role_messages(context: RunContext) -> list[dict[str, str]]:
    """The earlier messages as model clients take them; what a workflow showed or kept without words is left out."""
    return [
        {"role": "user" if past.said_by == "visitor" else "assistant", "content": past.text}
        for past in context.history
        if past.hidden is None and (past.item is None or past.text)
    ]


_GIVEN: dict[str, Callable[[str, RunContext], Any]] = {
    "text": lambda text, _: text,
    "message": lambda text, _: text,
    "messages": lambda text, context: [*role_messages(context), {"role": "user", "content": text}],
    "history": lambda _, context: role_messages(context),
    "context": lambda _, context: context,
    "thread_id": lambda _, context: context.thread_id,
    "user": lambda _, context: context.subject.key,
}
"""What a parameter of this name gets."""
_REMEMBERS = frozenset({"messages", "history", "context", "thread_id"})
"""The names of those by which it knows what was said before, or can look it up."""
_SAYS = ("text", "message", "messages")
"""The names of those that hold what the visitor says now."""


@frozen
class _Place:
    """A parameter that gets something."""

    name: str
    gives: str
    is_positional: bool


def caller(call: Callable[..., Any]) -> Callable[[str, RunContext], Any]:
    """Calls ``call`` with what its parameters ask for by their names; see :data:`_GIVEN`.

    Where none has a name for what the visitor says, the first one gets the text. The second one, if it has another
    name and no default, gets the run context.
    """
    places = _places(call)

    def execute(text: str, context: RunContext) -> Any:
        positional, named = _split(places, lambda place: _GIVEN[place.gives](text, context))
        return call(*positional, **named)

    if places == [_Place(places[0].name, "text", is_positional=True)]:  # as most are, and quicker
        return lambda text, _context: call(text)
    return execute


def accepts_text(call: Callable[..., Any]) -> bool:
    """Whether it can be called as :func:`caller` does."""
    signature = signature_of(call)
    if signature is None:
        return True
    positional, named = _split(_places(call), lambda _place: "")
    try:
        signature.bind(*positional, **named)
    except TypeError:
        return False
    return True


def takes_context(call: Callable[..., Any]) -> bool:
    """Whether :func:`caller` passes the context."""
    return any(place.gives == "context" for place in _places(call))


def memory_advice(target: str, call: Callable[..., Any]) -> str | None:
    """What to write in place of ``call``, which ``target`` names, for the earlier messages; None where it gets them."""
    places = _places(call)
    if any(place.gives in _REMEMBERS for place in places):
        return None
    name = target.rpartition(":")[2].rpartition(".")[2]
    alone = f"{name!r} gets each message without the earlier ones."
    if not is_own(_file_of(call)):
        return f"{alone} Name a function of yours that gets them all and calls it: `def answer(messages)`."
    said = next(place for place in places if place.gives in _SAYS)
    names = ["messages" if place is said else place.name for place in places]
    if not (inspect.isroutine(call) or isinstance(call, partial)):
        name, call = "__call__", getattr(call, "__call__")  # noqa: B004, B009 - its code is meant
    if inspect.ismethod(call):
        names.insert(0, "cls" if inspect.isclass(call.__self__) else "self")
    line = f"{'async ' if is_async(call) else ''}def {name}({', '.join(names)})"
    return (
        f"{alone} To get the whole conversation, a list of dicts with role and content, take messages in place of "
        f"{said.name or 'the text'}: `{line}`."
    )


def signature_of(call: Callable[..., Any]) -> inspect.Signature | None:
    """Its signature; some builtins have none."""
    try:
        return inspect.signature(call)
    except (TypeError, ValueError):
        return None


def _split(places: list[_Place], value: Callable[[_Place], Any]) -> tuple[list[Any], dict[str, Any]]:
    positional = [value(place) for place in places if place.is_positional]
    return positional, {place.name: value(place) for place in places if not place.is_positional}


def _places(call: Callable[..., Any]) -> list[_Place]:
    signature = signature_of(call)
    parameters = [each for each in signature.parameters.values() if each.kind not in _STARS] if signature else []
    own = is_own(_file_of(call))
    known = [each for each in parameters if each.name in _GIVEN and (own or each.default is each.empty)]
    names = {each.name for each in known}
    first = parameters[0] if parameters and parameters[0].kind in _POSITIONS else None
    has_said = any(name in names for name in (_SAYS if own else _SAYS[:2]))
    places: list[_Place] = []
    if first is None and not has_said:
        places.append(_Place("", "text", is_positional=True))
    for index, each in enumerate(parameters):
        gives = _gives(each, index, is_known=each in known, has_said=has_said)
        if gives is not None:
            in_order = each.kind in _POSITIONS and len(places) == index
            places.append(_Place(each.name, gives, is_positional=in_order))
    return places


def _gives(each: inspect.Parameter, index: int, *, is_known: bool, has_said: bool) -> str | None:
    if index == 0 and each.kind in _POSITIONS and not has_said:
        return "text"
    if is_known:
        return each.name
    is_second = index == 1 and each.kind in _POSITIONS and each.default is each.empty
    return "context" if is_second else None


def _file_of(call: Callable[..., Any]) -> str:
    """Where its code is; empty, which is the owner's, when it has none."""
    function = inspect.unwrap(getattr(call, "__func__", call))
    code = getattr(function, "__code__", None) or getattr(getattr(type(call), "__call__", None), "__code__", None)  # noqa: B004 - its code is meant
    return code.co_filename if code is not None else ""


def async_twin(call: Callable[..., Any]) -> Callable[..., Any] | None:
    """The async form of a bound sync method: ``run`` of ``run_sync``, ``ainvoke`` of ``invoke``; None without one."""
    owner, name = getattr(call, "__self__", None), getattr(call, "__name__", "")
    if owner is None or inspect.isclass(owner) or inspect.ismodule(owner) or is_async(call):
        return None
    names = [name.removesuffix("_sync")] if name.endswith("_sync") else [f"a{name}", f"{name}_async"]
    twins = (getattr(owner, each, None) for each in names)
    return next((each for each in twins if each and _is_awaited(each) and _first_name(each) == _first_name(call)), None)


def _is_awaited(call: Any) -> bool:
    return is_async(call) or inspect.isasyncgenfunction(inspect.unwrap(call))  # the latter makes a context manager


def is_async(call: Any) -> bool:
    """Whether calling it gives a coroutine or an async generator."""
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)


def _first_name(call: Callable[..., Any]) -> str | None:
    signature = signature_of(call)
    return next(iter(signature.parameters), None) if signature else None
