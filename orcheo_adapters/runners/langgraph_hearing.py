"""What of a LangGraph graph a visitor gets, by the settings of its workflow."""

from attrs import frozen

from orcheo_adapters.runners.settings import Given, Setting
from orcheo_adapters.runners.steps import STEPS, STEPS_SETTING

HEARING_SETTINGS = (
    Setting(
        name="nodes",
        help="Names of the nodes whose text is the answer, separated by commas; all nodes when left out, see `agents`.",
    ),
    Setting(
        name="agents",
        help="Whose text is the answer where a graph has several agents: `last` (what others say is a step) or `all`.",
        default="last",
    ),
    STEPS_SETTING,
    Setting(
        name="files",
        help="Which files of the graph's state the visitor gets at the end, by names or patterns with commas between, "
        "such as `*.md,*.png`.",
    ),
)


@frozen(kw_only=True)
class Hearing:
    """What is the answer, and what is shown besides."""

    nodes: frozenset[str] = frozenset()
    """Names of the nodes whose text is the answer; empty for all, but for those that work for others."""
    hears_all_agents: bool = False
    """Whether agents that work for others are heard too."""
    is_silent: bool = False
    """Whether no text of messages is the answer, as that is elsewhere."""
    steps: str = "names"
    """One of :data:`~orcheo_adapters.runners.steps.STEPS`."""
    files: frozenset[str] = frozenset()
    """Patterns of the files that the visitor gets."""

    @classmethod
    def of(cls, given: Given) -> "Hearing":
        """Read :data:`HEARING_SETTINGS` and ``output_key``; raises :class:`InvalidInput` by the path of the setting."""
        nodes = given.names("nodes")
        return cls(
            nodes=nodes,
            hears_all_agents=given.choice("agents", ("last", "all")) == "all",
            is_silent=bool(given.text("output_key")) and not nodes,
            steps=given.choice(STEPS_SETTING.name, STEPS),
            files=given.names("files"),
        )
