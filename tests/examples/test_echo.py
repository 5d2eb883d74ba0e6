"""The smallest workflow."""

from examples.echo import answer


def test_echo_says_it_again() -> None:
    """Text in, text out."""
    assert answer("Grüße") == "You said: Grüße"
