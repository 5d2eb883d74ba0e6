"""Feature flags: what an operator can switch off, for everybody or for some owners."""

from enum import StrEnum


class Flag(StrEnum):
    """One switch; the value is its key at the flag provider."""

    CHATKIT_PUBLISH = "chatkit_publish_enabled"
    """Publish, rotate, and chat sessions of visitors. Unpublish always works; open chat sessions run out."""
    CHATKIT_CANVAS = "chatkit_canvas_enabled"
    """Chat sessions in which owners try their own workflows."""
    CANVAS = "canvas_enabled"
    """Canvas: owners sign in by browser."""
