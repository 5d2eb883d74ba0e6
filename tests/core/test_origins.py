"""The sites that may show a chat in a frame."""

import pytest

from orcheo_core.domain.origins import MOST_ORIGINS, exact_origins
from orcheo_core.errors import InvalidInput
from tests.core.harness import ADA, CoreHarness


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://shop.example.org", "https://shop.example.org"),
        (" https://Shop.Example.org/ ", "https://shop.example.org"),
        ("https://shop.example.org:443", "https://shop.example.org"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://my_host:443", "http://my_host:443"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(given: str, origin: str) -> None:
    """As browsers compare it character by character."""
    assert exact_origins("allowed_origins", [given]) == (origin,)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "null",
        "shop.example.org",
        "https://*.example.org",
        "https://shop.example.org/path",
        "https://shop.example.org//",
        "https://shop.example.org?x",
        "https://ada@shop.example.org",
        "https://shop.example.org:0",
        "https://shop.example.org:65536",
        "https://shop.example.org; script-src *",
        "https://shop.example.org https://evil.example",
        "https://shop.example.org\nx-header: y",
        "https://bücher.example",
        "https://-shop.example",
        "ftp://shop.example.org",
        "javascript://x",
        "chrome-extension://abc",
        "https://" + "a" * 64,
    ],
)
def test_what_is_no_exact_origin_is_refused_by_its_place(given: str) -> None:
    """A header would mean something else by it."""
    with pytest.raises(InvalidInput, match=r"allowed_origins\[1\]: must be a scheme, a host"):
        exact_origins("allowed_origins", ["https://a.example", given])


def test_origins_are_sorted_and_each_is_kept_once() -> None:
    """However often and in whichever order they are given."""
    given = ["https://b.example", "https://a.example/", "https://a.example"]
    assert exact_origins("x", given) == ("https://a.example", "https://b.example")


def test_there_is_an_end_of_origins() -> None:
    """A header is not the place for a catalogue."""
    many = [f"https://{number}.example" for number in range(MOST_ORIGINS + 1)]
    assert len(exact_origins("x", many[1:])) == MOST_ORIGINS
    with pytest.raises(InvalidInput, match="must be at most 20"):
        exact_origins("x", many)


async def test_a_workflow_is_shown_on_no_other_site_unless_its_owner_says_so(harness: CoreHarness) -> None:
    """The list is given as a whole."""
    await harness.add()
    assert (await harness.core.registering.get(ADA, "echo")).allowed_origins == ()
    await harness.core.registering.edit(ADA, "echo", {"allowed_origins": ("https://a.example",)})
    await harness.core.registering.edit(ADA, "echo", {"allowed_origins": ("https://b.example",)})
    assert (await harness.core.registering.get(ADA, "echo")).allowed_origins == ("https://b.example",)
