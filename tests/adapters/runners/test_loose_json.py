"""JSON of services that the fast reader refuses."""

import sys

import pytest

from orcheo_adapters.runners import loose_json


@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_a_document_that_is_too_deep_is_refused_whatever_the_limit_of_recursion_is(mark: str) -> None:
    """Reading it would overflow the stack where a workflow has raised the limit, and so end the server."""
    limit = sys.getrecursionlimit()
    document = '["\\ud800",' + mark * 2_000 + "1" + ("]" if mark == "[" else "}") * 2_000 + "]"
    sys.setrecursionlimit(10_000)
    try:
        with pytest.raises(ValueError, match="surrogate"):
            loose_json.loads(document.encode())
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("text", ["\\ud800", "\\\\\\ud800", '\\"\\\\u\\udfff', "\\u00e9 \\udc00"])
def test_lone_halves_of_characters_are_read(text: str) -> None:
    """Also next to backslashes and quotes."""
    assert len(loose_json.loads(f'["{text}", [1]]'.encode())) == 2
