"""Passages of Markdown made fit to be quoted in an answer."""

import re

QUOTE_LENGTH = 600

_BLOCK = re.compile(
    r"(?P<fence>```|~~~).*?(?:^\s*(?P=fence)\s*$|\Z)|\S.*?(?=\n\s*\n|\n\s*(?:```|~~~)|\Z)", re.DOTALL | re.M
)
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LOCAL_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
_SOFT_BREAK = re.compile(r"[ \t]*\n(?![ \t]*(?:[-*+][ \t]|\d+[.)][ \t]|[|>#]))[ \t]*")
_SENTENCE_END = re.compile(r"[.!?:](?=\s)")


def blockquote(markdown: str, *, length: int = QUOTE_LENGTH) -> str:
    """The beginning of a passage as a Markdown blockquote of about ``length`` characters at most.

    It ends at the end of a block or a sentence; code blocks stay whole or are closed again. Images, and links that
    only work inside the checkout, become their text. Lines that were only wrapped are joined, as a chat keeps the
    line ends that it is told.
    """
    text = _LOCAL_LINK.sub(r"\1", _IMAGE.sub(r"\1", markdown))
    quote = _first_blocks([_joined(match.group().strip("\n")) for match in _BLOCK.finditer(text)], length)
    return "\n".join(f"> {line}".rstrip() for line in quote.splitlines())


def _joined(block: str) -> str:
    return block if block.startswith(("```", "~~~")) else _SOFT_BREAK.sub(" ", block)


def _first_blocks(blocks: list[str], length: int) -> str:
    quote = ""
    for block in blocks:
        if quote and len(quote) + len(block) > length:
            return f"{quote}\n\n…"
        quote = f"{quote}\n\n{block}" if quote else _shortened(block, length)
    return quote


def _shortened(block: str, length: int) -> str:
    if len(block) <= length:
        return block
    if block.startswith(("```", "~~~")):
        return f"{_whole_lines(block, length)}\n{block[:3]}\n\n…"
    if block.startswith(("|", "-", "*", "1.")) and "\n" in block[:length]:
        return f"{_whole_lines(block, length)}\n\n…"
    ends = [match.end() for match in _SENTENCE_END.finditer(block[: length + 1])]
    return f"{block[: ends[-1]] if ends else block[:length].rsplit(None, 1)[0]} …"


def _whole_lines(block: str, length: int) -> str:
    return block[:length].rpartition("\n")[0] or block[:length]
