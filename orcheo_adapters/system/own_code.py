"""Which lines of a traceback are the owner's own: neither Orcheo's, nor the standard library's, nor a package's."""

import contextlib
from pathlib import Path
from types import TracebackType

_OTHERS = (
    "<",
    str(Path(contextlib.__file__).parent),
    *(str(Path(__file__).resolve().parents[2] / ours) for ours in ("orcheo_core", "orcheo_adapters")),
)


def is_own(filename: str) -> bool:
    """Whether this file is the owner's."""
    return not filename.startswith(_OTHERS) and not {"site-packages", "dist-packages"}.intersection(
        Path(filename).parts
    )


def own_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first line of the owner's own code on; None where there is none."""
    while trace is not None and not is_own(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace
