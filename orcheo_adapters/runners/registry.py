"""Which kinds of runner this server has: one line a kind."""

from pkgutil import resolve_name

from attrs import frozen

from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import Runner, Runners

DEFAULT_TIME_LIMIT = 120.0
"""Seconds a workflow has for one answer."""


@frozen(kw_only=True)
class _Kind:
    adapter: str
    """``module:Class``, imported when the first workflow of this kind is used; takes ``time_limit``."""
    executes_code: bool


_KINDS = {
    "python": _Kind(adapter="orcheo_adapters.runners.python:PythonRunner", executes_code=True),
}


class RunnerRegistry(Runners):
    """The runners of this server, each made when it is first asked for."""

    def __init__(self, *, time_limit: float = DEFAULT_TIME_LIMIT) -> None:
        """Give every run ``time_limit`` seconds."""
        self._time_limit = time_limit
        self._made: dict[str, Runner] = {}

    def get(self, kind: str) -> Runner:
        """See :meth:`Runners.get`."""
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def executes_code(self, kind: str) -> bool:
        """See :meth:`Runners.executes_code`; :class:`InvalidInput` for an unknown kind, as in :meth:`get`."""
        return _find(kind).executes_code

    def _make(self, kind: str) -> Runner:
        runner: Runner = resolve_name(_find(kind).adapter)(time_limit=self._time_limit)
        return runner


def _find(kind: str) -> _Kind:
    if kind not in _KINDS:
        raise InvalidInput(FieldError("runner.kind", f"must be one of: {', '.join(sorted(_KINDS))}"))
    return _KINDS[kind]
