"""The core is embedded with nothing but attrs installed."""

import subprocess
import sys

from tests.docs.pages import ROOT, code_blocks

PAGE = ROOT / "docs" / "how-to" / "embed-the-core.md"
ALLOWED = {"attr", "attrs", "orcheo_core", "orcheo_adapters"}
_LIST_MODULES = """
import sys
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print("MODULES", *sorted(roots - set(sys.stdlib_module_names) - {"__main__"}))
"""


def test_embedding_example_imports_attrs_and_the_standard_library_only() -> None:
    """What the page promises about the base install; a process of its own shows it."""
    blocks = [code for language, code in code_blocks(PAGE) if language == "python"]
    program = "\n".join(["import sys; before = set(sys.modules)", *blocks, _LIST_MODULES])

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    modules = done.stdout.splitlines()[-1].split()[1:]
    assert set(modules) <= ALLOWED
