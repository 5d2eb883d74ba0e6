"""What importing the core loads."""

import subprocess
import sys

_PROGRAM = """
import sys
before = set(sys.modules)
import orcheo_core
for name in orcheo_core.__all__:
    getattr(orcheo_core, name)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(roots))
"""


def test_the_core_loads_attrs_and_the_standard_library_and_nothing_that_does_io() -> None:
    """With every public name asked for."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded - set(sys.stdlib_module_names) <= {"attr", "attrs", "orcheo_core"}
    assert not loaded & {"asyncio", "socket", "sqlite3", "subprocess", "http", "urllib", "logging"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Late imports do not hide misspelled names."""
    import orcheo_core

    assert not hasattr(orcheo_core, "Wokflow")


def test_a_console_offers_every_public_name() -> None:
    """Those too that are imported only when they are used."""
    import orcheo_core

    assert set(orcheo_core.__all__) <= set(dir(orcheo_core))
