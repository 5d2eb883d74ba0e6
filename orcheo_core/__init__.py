"""Orcheo's core: publishing AI workflows as chats, as a library of rules behind ports.

Imports the standard library and attrs, nothing else, and each name only when it is first asked for.
``docs/how-to/embed-the-core.md`` shows it inside another service.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orcheo_core.assembly import Core, Ports, assemble_core
    from orcheo_core.domain.actor import Actor, Caller, Channel, Scope
    from orcheo_core.domain.component_items import ClientToolCallItem, Step, StepKind, StepState
    from orcheo_core.domain.items import Citation
    from orcheo_core.domain.opaque_token import Pepper, PepperRing
    from orcheo_core.domain.publish_token import (
        generate_publish_token,
        hash_publish_token,
        mask_publish_token,
    )
    from orcheo_core.domain.run import (
        ActionTaken,
        AnswerEnded,
        ClientToolCalled,
        ContextKept,
        CutShort,
        EffectCaused,
        FaultNoted,
        ImageShown,
        InputAsked,
        NoticeGiven,
        ProgressNote,
        RunContext,
        SourceCited,
        StepNoted,
        StepShown,
        StepsSummed,
        StopOffered,
        TakenBack,
        TextDelta,
        ThreadSet,
        TitleGiven,
        UsageReported,
        WidgetChanged,
        WidgetShown,
    )
    from orcheo_core.domain.share_link import ShareLinks
    from orcheo_core.domain.sources import Source
    from orcheo_core.domain.structured_input import Question, StructuredInputItem
    from orcheo_core.domain.threads import ThreadSettings, ThreadStatus
    from orcheo_core.domain.usage import Usage
    from orcheo_core.domain.workflow import Publication, RunnerSpec, Workflow
    from orcheo_core.errors import OrcheoError
    from orcheo_core.operations.catalogue import CATALOGUE, find_operation, perform
    from orcheo_core.ports.runner import RunFailed

__all__ = [
    "CATALOGUE",
    "ActionTaken",
    "Actor",
    "AnswerEnded",
    "Caller",
    "Channel",
    "Citation",
    "ClientToolCallItem",
    "ClientToolCalled",
    "ContextKept",
    "Core",
    "CutShort",
    "EffectCaused",
    "FaultNoted",
    "ImageShown",
    "InputAsked",
    "NoticeGiven",
    "OrcheoError",
    "Pepper",
    "PepperRing",
    "Ports",
    "ProgressNote",
    "Publication",
    "Question",
    "RunContext",
    "RunFailed",
    "RunnerSpec",
    "Scope",
    "ShareLinks",
    "Source",
    "SourceCited",
    "Step",
    "StepKind",
    "StepNoted",
    "StepShown",
    "StepState",
    "StepsSummed",
    "StopOffered",
    "StructuredInputItem",
    "TakenBack",
    "TextDelta",
    "ThreadSet",
    "ThreadSettings",
    "ThreadStatus",
    "TitleGiven",
    "Usage",
    "UsageReported",
    "WidgetChanged",
    "WidgetShown",
    "Workflow",
    "assemble_core",
    "find_operation",
    "generate_publish_token",
    "hash_publish_token",
    "mask_publish_token",
    "perform",
]

_HOMES = {
    "orcheo_core.assembly": ("Core", "Ports", "assemble_core"),
    "orcheo_core.domain.actor": ("Actor", "Caller", "Channel", "Scope"),
    "orcheo_core.domain.component_items": ("ClientToolCallItem", "Step", "StepKind", "StepState"),
    "orcheo_core.domain.items": ("Citation",),
    "orcheo_core.domain.opaque_token": ("Pepper", "PepperRing"),
    "orcheo_core.domain.publish_token": ("generate_publish_token", "hash_publish_token", "mask_publish_token"),
    "orcheo_core.domain.run": (
        "ActionTaken",
        "AnswerEnded",
        "ClientToolCalled",
        "ContextKept",
        "CutShort",
        "FaultNoted",
        "EffectCaused",
        "ImageShown",
        "InputAsked",
        "NoticeGiven",
        "ProgressNote",
        "RunContext",
        "SourceCited",
        "StepNoted",
        "StepShown",
        "StepsSummed",
        "StopOffered",
        "TakenBack",
        "TextDelta",
        "ThreadSet",
        "TitleGiven",
        "UsageReported",
        "WidgetChanged",
        "WidgetShown",
    ),
    "orcheo_core.domain.share_link": ("ShareLinks",),
    "orcheo_core.domain.sources": ("Source",),
    "orcheo_core.domain.structured_input": ("Question", "StructuredInputItem"),
    "orcheo_core.domain.threads": ("ThreadSettings", "ThreadStatus"),
    "orcheo_core.domain.usage": ("Usage",),
    "orcheo_core.domain.workflow": ("Publication", "RunnerSpec", "Workflow"),
    "orcheo_core.errors": ("OrcheoError",),
    "orcheo_core.operations.catalogue": ("CATALOGUE", "find_operation", "perform"),
    "orcheo_core.ports.runner": ("RunFailed",),
}
"""The public names by the module that defines them."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(module), name)
            return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """What a console offers: all public names, those too that were not imported yet."""
    return sorted({*globals(), *__all__})
