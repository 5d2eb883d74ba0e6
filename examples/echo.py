"""The smallest workflow: text in, text out."""


def answer(text: str) -> str:
    """Say it again."""
    return f"You said: {text}"
