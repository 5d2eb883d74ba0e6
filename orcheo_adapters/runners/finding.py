"""Which runner is for a target that was named without one."""

import inspect
from typing import Any
from urllib.parse import urlsplit

from orcheo_adapters.runners.agents.frameworks import framework_of, other_runner
from orcheo_adapters.runners.callables import signature_of
from orcheo_adapters.runners.target import Target, invalid_target, is_of_owner, methods_of, name_of_instance
from orcheo_core.ports.runner import FoundKind

_AG_UI = {"ag-ui", "agui", "ag_ui"}
_FORM = "package.module:name"
_PYTHON_HINT = "Name a function that answers: def answer(text, history)."


def kind_of_address(address: str) -> FoundKind:
    """By the address alone; nothing is asked there before a workflow is registered."""
    try:
        path = urlsplit(address).path.rstrip("/").lower()
    except ValueError:
        raise invalid_target("cannot be read as an address") from None
    if path.endswith(("/chat/completions", "/v1", "/openai")):
        return FoundKind("openai", "the address is that of an OpenAI-compatible endpoint")
    if not _AG_UI.isdisjoint(path.split("/")):
        return FoundKind("ag-ui", "the address names AG-UI")
    return FoundKind(
        "http", "the address says nothing else; --runner openai is for model endpoints, --runner ag-ui for agents"
    )


def kind_of_code(target: str) -> FoundKind:
    """By what the target names, which is imported for that."""
    found = Target.parse(target, form=_FORM).find()
    name = target.partition(":")[2]
    if inspect.isclass(found):
        instance = found.__name__.lower()
        target = f"{target.partition(':')[0]}:{instance}"
        what = f"name {target}" if _known(found) else name_of_instance(target, found)
        raise invalid_target(
            f"{name!r} is a class, and no runner takes one without an instance",
            hint=f"Write {instance} = {found.__name__}(…) in the module and {what}.",
        )
    kind = type(found)
    if (known := _known(kind)) is not None:
        return FoundKind(known[1], f"{name!r} is {known[0]}")
    if not callable(found):
        raise invalid_target(
            f"{name!r} is of the type {kind.__name__}, which no runner takes: it is neither an agent or graph that is "
            "known here nor a callable",
            hint=f"{_PYTHON_HINT} Or {name_of_instance(target, kind)}." if methods_of(kind) else _PYTHON_HINT,
        )
    _refuse_method(target)
    return _of_callable(name, found)


def _known(kind: type) -> tuple[str, str] | None:
    """What objects of this class are, in words, and the runner that takes them."""
    if (other := other_runner(kind)) is not None:
        return other
    framework = framework_of(kind)
    return None if framework is None else (f"an agent of {framework.name}", "agent")


def _refuse_method(target: str) -> None:
    """Refuse the method of an object that a runner takes whole: it gets no earlier message, and may take no text.

    One that the owner adds in a subclass of their own is theirs.
    """
    whole, dot, method = target.rpartition(".")
    if not dot or ":" not in whole:
        return
    kind = type(Target.parse(whole, form=_FORM).find())
    is_owners = any(method in vars(each) and is_of_owner(each) for each in kind.__mro__)
    if not is_owners and (known := _known(kind)) is not None:
        raise invalid_target(
            f"{method!r} is a method of {known[0]}, which would get the newest message alone",
            hint=f"Name the object itself: {whole}. --runner python calls the method with the text.",
        )


def _of_callable(name: str, found: Any) -> FoundKind:
    signature = signature_of(found)
    names = list(signature.parameters) if signature else ["text"]
    if names[:1] in (["config"], ["runtime"]):
        return FoundKind("langgraph", f"{name!r} takes a config, as functions that make a graph do")
    if names[:3] == ["scope", "receive", "send"]:
        return FoundKind("ag-ui", f"{name!r} is an ASGI application")
    if names in ([], ["context"]):
        return FoundKind("agent", f"{name!r} takes no text, as functions that make an agent do")
    if names[0] == "text":
        return FoundKind("python", f"{name!r} can be called with a text")
    return FoundKind("python", f"{name!r} is a callable that takes {', '.join(names)}")
