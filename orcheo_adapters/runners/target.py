"""From the target of a workflow to what has that name."""

import inspect
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from orcheo_adapters.runners.addresses import known_addresses
from orcheo_adapters.runners.callables import accepts_text, signature_of
from orcheo_adapters.runners.shared_objects import shared_object
from orcheo_adapters.system.own_code import is_own
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import text_of

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_TARGET = re.compile(f"({_NAME}):({_NAME})")
_FILE_TARGET = re.compile(rf"(\./(?:[^/:\x00]+/)*[^\W\d]\w*\.py):({_NAME})")
_HINT = (
    "A target is package.module:name on the server's import path, to which PYTHONPATH adds folders, "
    "or ./file.py:name below the folder in which the server was started."
)
_AGAIN = "start the server again, which imports a module only once."
CHANGE_HINT = f"Correct the module, then {_AGAIN}"
_NAMES = "Parameters are filled by their names: text or message, messages, history, context, thread_id, user."
_URL_HINT = "A URL is a target for the runners openai, http and ag-ui."
_ELSEWHERE_HINT = (
    "A file is named from the folder in which the server was started: ./file.py:name. Start it there or above."
)
_IMPORT_HINT = (
    "Correct what fails while it is imported, and try again. What it reads from environment variables, such as an API "
    "key, is set before the server is started."
)
_MOST_OFFERED = 8
_MOST_METHODS = 3
_LIKE_A_FILE = re.compile(r"[^:\s]+\.py(:|$)")
_LIKE_AN_ADDRESS = re.compile(r"(www\.[\w.-]+|[\w.-]+:\d+|[\w-]+(\.[\w-]+)+(:\d+)?(?=/)|localhost(?=/))(/\S*)?")
"""A host with what only hosts have: ``www.``, a port, or a path."""


@frozen
class Target:
    """A name in a module: ``package.module:callable``, or ``./folder/file.py:callable`` below the served folder."""

    module: str
    attribute: str

    @classmethod
    def parse(cls, text: str, *, form: str = "package.module:callable") -> "Target":
        """Raises :class:`InvalidInput` (path ``target``) for any other form."""
        match = _TARGET.fullmatch(text) or _FILE_TARGET.fullmatch(text)
        if match is None:
            raise invalid_target(f"must have the form {form}", hint=_form_hint(text))
        return cls(*match.groups())

    def find(self) -> Any:
        """Whatever has this name.

        Raises :class:`InvalidInput` (path ``target``) when there is no such module or attribute, and when
        importing the module fails.
        """
        owner: Any = None
        found: Any = module_of_file(self.module) if self.module.endswith(".py") else import_target(self.module)
        for name in self.attribute.split("."):
            if not hasattr(found, name):
                raise invalid_target(
                    f"the module {self.module!r} has no {self.attribute!r}",
                    hint=f"Correct the name.{_offered(found)} If the module has it by now: {_AGAIN}",
                )
            owner, found = found, getattr(found, name)
        if inspect.isclass(owner) and inspect.isfunction(found) and _is_unbound(owner, self.attribute):
            what = f"is a method of the class {owner.__name__} without an instance"
            raise self._needs_instance(owner, what, found.__name__)
        return found

    def load(self) -> Callable[..., Any]:
        """The callable of this name.

        Raises :class:`InvalidInput` as :meth:`find` does, and when it cannot be called with ``(text)``, optionally
        with ``context`` and ``history``, and answer.
        """
        found = self.find()
        if inspect.isclass(found):
            raise self._needs_instance(found, "is a class")
        self._refuse_agent(found)
        if not callable(found):
            raise self._not_callable(found)
        if (shared := shared_object(found)) is not None:
            raise self._is_shared(shared)
        if not accepts_text(found):
            raise invalid_target(
                f"{self.attribute!r} must take (text), (text, context) or (text, history)",
                hint=f"{_NAMES} {CHANGE_HINT}",
            )
        if _takes_config(found):
            raise invalid_target(
                f"{self.attribute!r} takes a config, as functions that make a graph do",
                hint="Register it with --runner langgraph; a callable of the runner python takes (text).",
            )
        return found  # type: ignore[no-any-return]  # callable() was asked above

    def _needs_instance(self, cls: type, what: str, method: str = "") -> InvalidInput:
        name = cls.__name__.lower()
        target = f"{self.module}:{name}"
        hint = name_of_instance(target, cls) if not method else f"name {target}.{method}"
        return invalid_target(
            f"{self.attribute!r} {what}",
            hint=f"Write {name} = {cls.__name__}(…) in the module and {hint}. All visitors share that instance: it "
            "must not keep what was said.",
        )

    def _refuse_agent(self, found: Any) -> None:
        """Agents of frameworks have a runner of their own, also those that can be called: it keeps visitors apart."""
        from orcheo_adapters.runners.agents.frameworks import framework_of, other_runner

        kind = type(found)
        if other_runner(kind) is None and (framework := framework_of(kind)) is not None:
            raise invalid_target(
                f"{self.attribute!r} is an agent of {framework.name} (of the type {kind.__name__})",
                hint="Register it with --runner agent, or name a function that uses it: async def answer(text).",
            )

    def _is_shared(self, shared: object) -> InvalidInput:
        kind = type(shared)
        return invalid_target(
            f"{self.attribute!r} uses one {kind.__name__} of {kind.__module__.partition('.')[0]} for all visitors. It "
            "keeps the conversation, so what one visitor says would reach the model in the answer to another",
            hint=f"Make one for each answer: def answer(text, history): agent = {kind.__name__}(…). "
            "docs/how-to/bring-your-agent.md shows how, and which agents are named themselves.",
        )

    def _not_callable(self, found: Any) -> InvalidInput:
        kind = type(found)
        message = f"{self.attribute!r} in {self.module!r} cannot be called (it is of type {kind.__name__})"
        if any(each.__name__ in ("Pregel", "StateGraph") for each in kind.__mro__):
            return invalid_target(message, hint="This is a graph: register it with --runner langgraph.")
        if methods_of(kind):
            names = name_of_instance(f"{self.module}:{self.attribute}", kind)
            return invalid_target(message, hint=f"{names[0].upper()}{names[1:]}.")
        return invalid_target(
            message,
            hint="The agent object of a framework is registered with --runner agent. Otherwise name a function that "
            "uses it: async def answer(text, history).",
        )


def methods_of(cls: type) -> list[str]:
    """The methods of a class of the owner's own that may be what answers; none of one that a package brings."""
    functions = [name for each in cls.__mro__ if is_of_owner(each) for name in vars(each) if _is_method(each, name)]
    return [name for name in dict.fromkeys(functions) if not name.startswith("_")][:_MOST_METHODS]


def name_of_instance(target: str, cls: type) -> str:
    """What to name of an instance of ``cls`` that ``target`` names: itself where it can be called, and its methods."""
    itself = [target] if any(_is_method(each, "__call__") for each in cls.__mro__) else []
    forms = [*itself, *(f"{target}.{method}" for method in methods_of(cls))]
    return f"name {' or '.join(forms)}" if forms else f"give it a method that takes the text, then name {target}.method"


def is_of_owner(cls: type) -> bool:
    """Whether the owner has written this class."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file is not None and is_own(file)


def _is_method(cls: type, name: str) -> bool:
    return inspect.isfunction(vars(cls).get(name))


def _form_hint(text: str) -> str:
    """What is wrong with a target that has no form of a target."""
    if "://" in text:
        return _URL_HINT
    if text.startswith(("/", "../", "~")):
        return _ELSEWHERE_HINT
    if _LIKE_A_FILE.match(text):
        name = "" if ":" in text else ":agent"
        return f"A file is named as ./{text.removeprefix('./')}{name}, with the agent or function in it."
    if _LIKE_AN_ADDRESS.fullmatch(text):
        scheme = "http" if known_addresses(urlsplit(f"//{text}").hostname or "") == ["127.0.0.1"] else "https"
        return f"A URL begins with https:// or http://, such as {scheme}://{text}. {_URL_HINT}"
    called = text.removesuffix("()")
    if called != text and _TARGET.fullmatch(called):
        return f"Leave the brackets out: {called}."
    if ":" in text or not text.strip():
        return _HINT
    before, dot, last = text.rpartition(".")
    perhaps = f", or {before}:{last} if {last} is its name" if dot else ""
    return f"Name the agent or function behind a colon, such as {text}:agent{perhaps}. {_HINT}"


def _offered(module: Any) -> str:
    """What a module has that may be meant: its agents and graphs, then its functions."""
    from orcheo_adapters.runners.agents.frameworks import framework_of, other_runner

    if not inspect.ismodule(module):
        return ""
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    agents = [name for name, value in public.items() if framework_of(type(value)) or other_runner(type(value))]
    calls = [name for name, each in public.items() if inspect.isfunction(each) and each.__module__ == module.__name__]
    names = [*agents, *calls][:_MOST_OFFERED]
    return f" There is: {', '.join(names)}." if names else ""


def _is_unbound(owner: type, attribute: str) -> bool:
    raw = inspect.getattr_static(owner, attribute.rpartition(".")[2])
    return not isinstance(raw, staticmethod | classmethod)


def is_address(target: str) -> bool:
    """Whether a target of a kind that takes both is the address of a service, not a name in a module."""
    return "://" in target


def import_target(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            message = f"there is no module {module!r} on the server's import path"
            raise invalid_target(message, hint=_file_hint(module)) from error
        raise _import_failed(module, error) from error
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise _import_failed(module, error) from error


def _file_hint(module: str) -> str | None:
    """The other form, where a file of the served folder is meant."""
    file = f"./{module.replace('.', '/')}.py"
    return f"The server was started where there is such a file: name it as {file}:…" if Path(file).is_file() else None


def served_file(text: str) -> Path:
    """The file of this name below the served folder, which is the working folder of the server.

    Raises :class:`InvalidInput` (path ``target``) for one that is not there or elsewhere.
    """
    folder = Path.cwd().resolve()
    path = (folder / text).resolve()
    if not path.is_relative_to(folder):
        raise invalid_target(f"{text!r} is outside the folder that is served")
    if not path.is_file():
        raise invalid_target(f"there is no file {text!r} below {folder}, where the server was started")
    return path


def module_of_file(text: str) -> Any:
    """The module in this file below the served folder, imported as part of the packages it lies in.

    The folder of its outermost package and the served folder are added to the end of the import path, once.
    """
    path = served_file(text)
    names, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    sys.path += [each for each in dict.fromkeys((str(folder), str(Path.cwd().resolve()))) if each not in sys.path]
    found = import_target(".".join(names))
    if Path(getattr(found, "__file__", None) or "").resolve() != path:
        raise invalid_target(
            f"the module {'.'.join(names)!r} of {text!r} has the same name as a module that is already imported",
            hint="Give the file another name.",
        )
    return found


def _import_failed(module: str, error: BaseException) -> InvalidInput:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return invalid_target(
        f"importing {module!r} failed with {_kind(error)}: {text_of(error)}",
        hint=f"Install the package that has {missing!r} into the environment of the server, or start the server in the "
        "environment of the agent."
        if missing
        else _IMPORT_HINT,
    )


def invalid_target(message: str, *, hint: str | None = None) -> InvalidInput:
    """The error that names the target."""
    return InvalidInput(FieldError("target", message), hint=hint or _HINT)


def _kind(value: object) -> str:
    return type(value).__name__


def _takes_config(call: Callable[..., Any]) -> bool:
    signature = signature_of(call)
    return signature is not None and next(iter(signature.parameters), None) == "config"
