"""Sources: where something that a workflow said or looked at comes from."""

from typing import Any

from attrs import field

from orcheo_core.domain.values import value


@value(kw_only=True)
class Source:
    """A web page (``url``), a file (``filename``), or an entity that the embedding page knows (``entity_id``, with the
    page's own JSON in ``data``)."""

    title: str
    url: str | None = None
    filename: str | None = None
    entity_id: str | None = None
    description: str | None = None
    group: str | None = None
    icon: str | None = None
    interactive: bool = False
    data: dict[str, Any] = field(factory=dict)
    label: str | None = None
    """What stands for an entity in the list of sources, where its title is too long."""
    inline_label: str | None = None
    """What stands for an entity within the text."""
    attribution: str | None = None
    """Who is behind a web page."""
    timestamp: str | None = None
    """Of when the source is, as text."""
