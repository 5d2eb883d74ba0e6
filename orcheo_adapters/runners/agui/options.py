"""What an owner decides about an agent that speaks AG-UI, and the settings that say it."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners.settings import Given, Setting, invalid_setting
from orcheo_adapters.runners.steps import STEPS, STEPS_SETTING

FORWARDED = ("subject", "app_user", "metadata", "locale", "tags")

AGENT_SETTINGS: tuple[Setting, ...] = (
    STEPS_SETTING,
    Setting(name="reasoning", help="Whether what the agent thinks becomes a note: `show` or `hide`.", default="show"),
    Setting(
        name="client_tools",
        help="JSON list of the tools of the visitor's page that the agent may call: "
        '`[{"name": "locate", "description": "Where the visitor is", "parameters": {…}}]`.',
    ),
    Setting(
        name="effects",
        help="Names of the agent's own events (`CUSTOM`) that reach the page as effects, separated by commas.",
    ),
    Setting(
        name="forward",
        help="What the agent gets to know besides the conversation, separated by commas: `subject`, `app_user`, "
        "`metadata`, `locale`, `tags`.",
    ),
)
"""Settings of all runners whose agents speak AG-UI."""


@frozen(kw_only=True)
class Options:
    """How an agent's run is shown, and what the agent gets; without a word nothing of the visitor but their words."""

    steps: str = "names"
    """One of :data:`~orcheo_adapters.runners.steps.STEPS`."""
    shows_reasoning: bool = True
    client_tools: tuple[Mapping[str, Any], ...] = ()
    """AG-UI's ``Tool`` objects; a call of one of these is made by the visitor's page."""
    effects: frozenset[str] = frozenset()
    """Names of ``CUSTOM`` events that the page gets."""
    forward: frozenset[str] = frozenset()
    """Some of :data:`FORWARDED`."""
    tool_names: frozenset[str] = field(init=False)

    @tool_names.default
    def _names_of_tools(self) -> frozenset[str]:
        return frozenset(str(each["name"]) for each in self.client_tools)

    @classmethod
    def of(cls, given: Given) -> "Options":
        """Read :data:`AGENT_SETTINGS`; raises :class:`InvalidInput` by the path of the setting."""
        return cls(
            steps=given.choice("steps", STEPS),
            shows_reasoning=given.choice("reasoning", ("show", "hide")) == "show",
            client_tools=_tools(given.json("client_tools")),
            effects=given.names("effects"),
            forward=given.some_of("forward", FORWARDED),
        )


def _tools(value: Any) -> tuple[Mapping[str, Any], ...]:
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(map(_is_tool, listed)):
        raise invalid_setting(
            "client_tools", "must be a JSON list of objects with a name, and optionally a description and parameters"
        )
    names = [each["name"] for each in listed]
    if len(set(names)) < len(names):
        raise invalid_setting("client_tools", "names a tool twice")
    return tuple({"description": "", "parameters": {"type": "object", "properties": {}}} | each for each in listed)


def _is_tool(value: Any) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"name", "description", "parameters"}:
        return False
    name, description = value.get("name"), value.get("description", "")
    is_named = isinstance(name, str) and bool(name) and isinstance(description, str)
    return is_named and isinstance(value.get("parameters", {}), dict)
