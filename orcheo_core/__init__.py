"""Orcheo's core: publishing AI workflows as chats, as a library of rules behind ports.

Imports the standard library and attrs, nothing else. ``docs/how-to/embed-the-core.md`` shows it inside another
service.
"""

from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
from orcheo_core.domain.items import Citation, Source
from orcheo_core.domain.opaque_token import Pepper, PepperRing
from orcheo_core.domain.publish_token import (
    generate_publish_token,
    hash_publish_token,
    mask_publish_token,
)
from orcheo_core.domain.run import ProgressNote, RunContext, SourceCited, TextDelta, Usage, UsageReported
from orcheo_core.domain.share_link import ShareLinks
from orcheo_core.domain.workflow import Publication, RunnerSpec, Workflow
from orcheo_core.errors import OrcheoError
from orcheo_core.operations.catalogue import CATALOGUE, find_operation, perform

__all__ = [
    "CATALOGUE",
    "Actor",
    "Caller",
    "Channel",
    "Citation",
    "OrcheoError",
    "Pepper",
    "PepperRing",
    "ProgressNote",
    "Publication",
    "RunContext",
    "RunnerSpec",
    "Scope",
    "ShareLinks",
    "Source",
    "SourceCited",
    "TextDelta",
    "Usage",
    "UsageReported",
    "Workflow",
    "find_operation",
    "generate_publish_token",
    "hash_publish_token",
    "mask_publish_token",
    "perform",
]
