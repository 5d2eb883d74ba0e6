"""Text that workflows say."""

from orcheo_core.domain.run import TextDelta


def text_delta(text: str) -> TextDelta | None:
    """The run event of a piece of text, None for an empty one."""
    return TextDelta(encodable(text)) if text else None


def encodable(text: str) -> str:
    """``text`` without lone surrogates, which neither a database nor a browser takes."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
