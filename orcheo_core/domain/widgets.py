"""Widgets: which JSON trees ChatKit's clients can show.

ChatKit's types take a root of three kinds and below it objects with a ``type``; a client shows the components that are
listed here, with the fields that they need. Other fields are passed on as they are.
Source: ``chatkit.widgets`` of the package ``openai-chatkit``, and the types of npm ``@openai/chatkit`` for tables.
"""

import json
from typing import Any

from attrs import frozen

from orcheo_core.domain.json_values import is_larger, json_fault

WIDGET_BYTES_MOST = 1_000_000
IMAGE_BYTES_MOST = 10_000_000


@frozen(kw_only=True)
class PartLimits:
    """The largest widget and image that a workflow may show; an operator sets them.

    They hold when something is said. What is stored already stays as it is when they are lowered.
    """

    widget_bytes: int = 65_536
    """Of a widget as JSON."""
    image_bytes: int = 1_000_000
    """Of the URL of an image, which may hold the image itself."""

    @property
    def widget_seen(self) -> int:
        """Characters of a widget that are looked at, at most."""
        return _FAR * self.widget_bytes

    def widget_fault(self, widget: object) -> str | None:
        """What is wrong with a widget, with the path in it; None for one that is taken.

        One that is far too large is not looked at to its end.
        """
        if is_larger(widget, self.widget_seen, least=1):
            return _too_large(self.widget_seen, self.widget_bytes, "ORCHEO_WIDGET_BYTES", "more than ")
        if fault := widget_fault(widget):
            return fault
        size = len(json.dumps(widget, ensure_ascii=False).encode())
        return _too_large(size, self.widget_bytes, "ORCHEO_WIDGET_BYTES")

    def image_fault(self, url: object) -> str | None:
        """What is wrong with the URL of an image; None for one that is taken."""
        if not isinstance(url, str) or not url.startswith(("https://", "http://", "data:image/", "/")):
            return "the URL must begin with https://, http://, data:image/ or /"
        if fault := _too_large(len(url), self.image_bytes, "ORCHEO_IMAGE_BYTES"):  # as they are if it is ASCII
            return fault
        return json_fault(url) or _too_large(len(url.encode()), self.image_bytes, "ORCHEO_IMAGE_BYTES")


def _too_large(size: int, most: int, setting: str, about: str = "") -> str | None:
    return f"it has {about}{size:,} bytes of {most:,} that are allowed ({setting})" if size > most else None


_FAR = 4


_DEPTH = 32
_ROOTS = ("Card", "ListView", "Basic")
_NEEDED: dict[str, dict[str, type | tuple[type, ...]]] = {
    "Badge": {"label": str},
    "Basic": {},
    "Box": {},
    "Button": {},
    "Caption": {"value": str},
    "Card": {},
    "Chart": {"data": list, "series": list, "xAxis": (str, dict)},
    "Checkbox": {"name": str},
    "Col": {},
    "DatePicker": {"name": str},
    "Divider": {},
    "Form": {},
    "Icon": {"name": str},
    "Image": {"src": str},
    "Input": {"name": str},
    "Label": {"value": str, "fieldName": str},
    "ListView": {"children": list},
    "ListViewItem": {"children": list},
    "Markdown": {"value": str},
    "RadioGroup": {"name": str},
    "Row": {},
    "Select": {"name": str, "options": list},
    "Spacer": {},
    "Table": {},
    "Table.Cell": {},
    "Table.Row": {},
    "Text": {"value": str},
    "Textarea": {"name": str},
    "Title": {"value": str},
    "Transition": {},
}
"""Each component with the fields that it cannot be shown without."""
_NAMES = {str: "text", list: "a list", (str, dict): "text or an object"}


def widget_fault(widget: object) -> str | None:
    """What is wrong with a widget of any size, with the path in it; None for one that can be shown."""
    if not isinstance(widget, dict) or widget.get("type") not in _ROOTS:
        return f"type: the root must be one of {', '.join(_ROOTS)}"
    fault = _fault_of(widget, "", depth=1)
    if fault is not None:
        return fault
    fault = json_fault(widget)
    return f"it is not JSON: {fault}" if fault else None


def _fault_of(component: Any, path: str, *, depth: int) -> str | None:
    """The first fault of a component or below it."""
    if not isinstance(component, dict):
        return f"{path}: must be a component, an object with a type"
    kind = component.get("type")
    needed = _NEEDED.get(kind) if isinstance(kind, str) else None
    if needed is None:
        return f"{path}.type: {kind!r} is not a component of ChatKit".removeprefix(".")
    for name, shape in needed.items():
        if not isinstance(component.get(name), shape):
            return f"{path}.{name}: must be {_NAMES[shape]} in a {kind}".removeprefix(".")
    return _fault_below(component.get("children"), f"{path}.children".removeprefix("."), depth=depth)


def _fault_below(children: Any, path: str, *, depth: int) -> str | None:
    if children is None:
        return None
    if depth >= _DEPTH:
        return f"{path}: must not be more than {_DEPTH} components deep"
    if not isinstance(children, list):
        return _fault_of(children, path, depth=depth + 1)
    faults = (_fault_of(each, f"{path}[{at}]", depth=depth + 1) for at, each in enumerate(children))
    return next(filter(None, faults), None)
