"""Packages that only some kinds of runner need."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from orcheo_adapters.installation import how_to_install
from orcheo_adapters.runners.worker_thread import in_thread
from orcheo_core.errors import FieldError, InvalidInput


def require_package(name: str, *, extra: str) -> None:
    """Raise :class:`InvalidInput` (path ``runner``) when the package is not installed; imports nothing."""
    if name not in sys.modules and find_spec(name) is None:
        raise InvalidInput(
            FieldError("runner", f"this server lacks the package {name}"),
            hint=f"Install it where the server runs: {how_to_install(extra)}.",
        )


async def imported(name: str) -> ModuleType:
    """The module; its first import happens in a thread, as it takes a while."""
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):  # another thread may be at it
        return module
    return await in_thread(lambda: import_module(name))
