"""From ``package.module:callable`` to the callable."""

import inspect
import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from attrs import frozen

from orcheo_core.domain.run import RunContext
from orcheo_core.errors import FieldError, InvalidInput

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_TARGET = re.compile(f"({_NAME}):({_NAME})")
_HINT = "For example: examples.echo:answer. The server looks on its own import path."


@frozen
class Target:
    """The two halves of ``package.module:callable``."""

    module: str
    attribute: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises :class:`InvalidInput` (path ``target``) for any other form."""
        match = _TARGET.fullmatch(text)
        if match is None:
            raise invalid_target("must have the form package.module:callable")
        return cls(*match.groups())

    @property
    def is_imported(self) -> bool:
        """Whether :meth:`load` needs no import, and so no time."""
        return self.module in sys.modules

    def find(self) -> Any:
        """Whatever has this name.

        Raises :class:`InvalidInput` (path ``target``) when there is no such module or attribute, and when
        importing the module fails.
        """
        found: Any = _import(self.module)
        for name in self.attribute.split("."):
            if not hasattr(found, name):
                raise invalid_target(f"the module {self.module!r} has no {self.attribute!r}")
            found = getattr(found, name)
        return found

    def load(self) -> Callable[..., Any]:
        """The callable of this name.

        Raises :class:`InvalidInput` as :meth:`find` does, and when it cannot be called with ``(text)`` or
        ``(text, context)``.
        """
        found = self.find()
        if not callable(found):
            raise invalid_target(
                f"{self.attribute!r} in {self.module!r} cannot be called (it is of type {_kind(found)})"
            )
        if not _accepts_text(found):
            raise invalid_target(f"{self.attribute!r} must take (text) or (text, context)")
        return found  # type: ignore[no-any-return]  # callable() was asked above


def caller(call: Callable[..., Any]) -> Callable[[str, RunContext], Any]:
    """Calls ``call`` with the text and, when its signature has a place for it, the context.

    That place is a parameter named ``context``, or a second positional one that has no default.
    """
    place = _context_place(call)
    if place is None:
        return lambda text, _context: call(text)
    if place is inspect.Parameter.KEYWORD_ONLY:
        return lambda text, context: call(text, context=context)
    return call


def _import(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            raise invalid_target(f"there is no module {module!r} on the server's import path") from error
        raise _import_failed(module, error) from error
    except (Exception, SystemExit) as error:
        raise _import_failed(module, error) from error


def _import_failed(module: str, error: BaseException) -> InvalidInput:
    return invalid_target(f"importing {module!r} failed with {_kind(error)}: {error}")


def invalid_target(message: str) -> InvalidInput:
    """The error that names the target."""
    return InvalidInput(FieldError("target", message), hint=_HINT)


def _kind(value: object) -> str:
    return type(value).__name__


def _signature(call: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(call)
    except (TypeError, ValueError):  # some builtins have none
        return None


def _accepts_text(call: Callable[..., Any]) -> bool:
    signature = _signature(call)
    if signature is None:
        return True
    context = {"context": None} if _context_place(call) is inspect.Parameter.KEYWORD_ONLY else {}
    more = (None,) if _context_place(call) is inspect.Parameter.POSITIONAL_ONLY else ()
    try:
        signature.bind("", *more, **context)
    except TypeError:
        return False
    return True


def _context_place(call: Callable[..., Any]) -> Any:
    """``KEYWORD_ONLY`` or ``POSITIONAL_ONLY``: how the context is passed; None when it is not."""
    signature = _signature(call)
    parameters = list(signature.parameters.values()) if signature else []
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if len(positional) > 1 and (positional[1].name == "context" or positional[1].default is positional[1].empty):
        return inspect.Parameter.POSITIONAL_ONLY
    named = signature.parameters.get("context") if signature else None
    is_named = named is not None and named.kind in (named.KEYWORD_ONLY, named.POSITIONAL_OR_KEYWORD)
    return inspect.Parameter.KEYWORD_ONLY if is_named and named not in positional[:1] else None
