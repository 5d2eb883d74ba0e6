"""Files that a LangGraph graph writes into its state, as what a visitor gets: images, and texts to read and copy."""

import mimetypes
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from orcheo_adapters.runners.pieces import at
from orcheo_adapters.runners.text import encodable
from orcheo_core.domain.run import ImageShown, NoticeGiven, RunEvent, WidgetShown


def given(files: Mapping[str, Any], patterns: Collection[str]) -> Iterator[RunEvent]:
    """The files whose paths or names match one of ``patterns``, such as ``*.md``."""
    for path, data in files.items():
        name = PurePosixPath(path).name
        if any(fnmatchcase(each, pattern) for each in (path, name) for pattern in patterns):
            yield _shown(name, data)


def _shown(name: str, data: Any) -> RunEvent:
    content = data if isinstance(data, str) else at(data, "content")
    if isinstance(content, list):  # lines, as deepagents kept them before
        content = "\n".join(map(str, content))
    kind = mimetypes.guess_type(name)[0] or ""
    if at(data, "encoding") == "base64" and kind.startswith("image/"):
        return ImageShown(url=f"data:{kind};base64,{content}")
    if not isinstance(content, str) or at(data, "encoding") == "base64":
        return NoticeGiven(message=f"The file {encodable(name)} cannot be shown here.")
    text = encodable(content)
    markdown = text if name.endswith((".md", ".markdown")) else _fenced(text, PurePosixPath(name).suffix[1:])
    parts = [{"type": "Title", "value": encodable(name), "size": "sm"}, {"type": "Markdown", "value": markdown}]
    return WidgetShown(widget={"type": "Card", "children": parts}, copy_text=text)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
