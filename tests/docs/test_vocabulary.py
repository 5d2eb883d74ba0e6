"""What people read keeps to docs/vocabulary.md."""

import re
from collections.abc import Iterator

from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import parameters_of
from tests.docs.pages import ROOT
from tools.reference import error_classes

_FORBIDDEN = re.compile(
    r"""\b(?:bots?|agents?(?!,)|apps?|admins?|users?|testers?|api\ keys?|slugs?|salts?|executors?|regenerates?|mints?)\b
    |(?<!chat\ )(?<!owner\ )(?<!chatkit:)(?<!/)\bsessions?\b
    |(?<!publish\ )(?<!service\ )(?<!owner\ )(?<!`orcheo\ )(?<![\w-])tokens?\b(?!:manage)""",
    re.IGNORECASE | re.VERBOSE,
)


def _texts() -> Iterator[str]:
    for operation in CATALOGUE.values():
        yield operation.summary
        yield operation.confirmation or ""
        yield from (each.help for _, each in parameters_of(operation.request).values())
    for error in error_classes():
        yield error.summary
        yield error.hint
    page_strings = (ROOT / "web" / "src" / "element" / "strings.ts").read_text("utf-8")
    yield from re.findall(r'"([^"]*)"', page_strings)


def test_texts_for_people_keep_to_the_vocabulary() -> None:
    """No word that the vocabulary forbids, and none alone that needs another beside it."""
    assert {text: found[0] for text in _texts() if (found := _FORBIDDEN.search(text))} == {}
