"""The settings of a workflow that is a model behind an OpenAI-compatible endpoint."""

import os
import shlex
from collections.abc import Mapping
from shutil import which
from typing import Any

from attrs import field, frozen

from orcheo_adapters.runners.settings import FIRST_BYTE_SETTING, Given, Setting, first_byte_seconds, invalid_setting
from orcheo_adapters.runners.steps import STEPS, STEPS_SETTING
from orcheo_core.domain.workflow import HISTORY_LENGTH, RunnerSpec

_OWN_FIELDS = frozenset({"model", "messages", "input", "stream", "stream_options", "previous_response_id"})
_MOST_TOKENS, _MOST_STOPS = 10_000_000, 4
_ATTACHMENTS = ("images", "files", "text")
_APIS = ("completions", "responses")
_MEMORIES = ("history", "endpoint")
_MOST_PROGRAMS = 8
_BASE_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TMPDIR")
"""What every program gets of the server's environment."""

OPENAI_SETTINGS: tuple[Setting, ...] = (
    Setting(name="model", help="Name of the model, as the endpoint knows it.", needed=True),
    Setting(
        name="api",
        help="Which API of the endpoint is asked: `completions` (chat completions) or `responses`.",
        default="completions",
    ),
    Setting(name="instructions", help="Instructions for the model before the conversation (system message)."),
    Setting(name="api_key_env", help="Name of the server's environment variable that holds the endpoint's key."),
    Setting(name="history", help=f"How many past messages are sent along, 0 to {HISTORY_LENGTH}.", default="20"),
    Setting(
        name="memory",
        help="With `api=responses`: `history` sends past messages along, `endpoint` lets the endpoint remember them.",
        default="history",
    ),
    Setting(name="temperature", help="A number from 0 to 2; the endpoint's own default when left out."),
    Setting(name="top_p", help="A number from 0 to 1; the endpoint's own default when left out."),
    Setting(name="max_tokens", help="How many tokens an answer may have; the endpoint's own limit when left out."),
    Setting(name="reasoning_effort", help="How long a reasoning model thinks, in the endpoint's words: `low`."),
    Setting(name="seed", help="A whole number with which some endpoints repeat an answer."),
    Setting(name="stop", help='Text at which the model stops, or a JSON list of up to 4: `["END", "###"]`.'),
    Setting(name="extra_body", help='JSON object of more fields for the endpoint: `{"top_k": 20}`.'),
    Setting(name="reasoning", help="Whether what the model thinks becomes a note: `show` or `hide`.", default="show"),
    Setting(
        name="attachments",
        help="Which attachments the model gets, separated by commas: `images`, `files` (PDF and others), `text`.",
    ),
    Setting(
        name="mcp",
        help="Addresses of MCP servers (streamable HTTP) whose tools the model may call, separated by commas.",
    ),
    Setting(
        name="mcp_key_env", help="Name of the server's environment variable that holds the key of the servers in `mcp`."
    ),
    Setting(
        name="mcp_stdio",
        help="Command of an MCP server that runs as a program (stdio), or a JSON list of commands; started without a "
        "shell for each answer. It needs the scope `workflows:code`.",
    ),
    Setting(
        name="mcp_stdio_env",
        help="Names of the server's environment variables that these programs get, separated by commas. Without it "
        "they get none of the server's secrets.",
    ),
    Setting(
        name="tool_approval",
        help="Tools of MCP servers whose calls a visitor has to approve: names separated by commas, or `all`.",
    ),
    Setting(name="tool_rounds", help="How often the model may call tools in one answer, 1 to 50.", default="8"),
    Setting(name="tool_seconds", help="Seconds in which an MCP server has to answer, 1 to 600.", default="30"),
    STEPS_SETTING,
    FIRST_BYTE_SETTING,
)


@frozen(kw_only=True)
class OpenAiSettings:
    """The settings of one workflow, parsed."""

    model: str
    instructions: str
    history: int
    api_key: str | None
    max_tokens: int | None
    api: str
    """``completions`` or ``responses``."""
    remembers_there: bool
    """Whether the endpoint remembers the conversation (Responses API), rather than being sent the history."""
    steps: str
    """One of :data:`~orcheo_adapters.runners.steps.STEPS`."""
    mcp: tuple[str, ...]
    """Addresses of MCP servers."""
    mcp_key: str | None = field(repr=False)
    mcp_stdio: tuple[tuple[str, ...], ...]
    """Commands of MCP servers that are programs."""
    mcp_environment: Mapping[str, str] = field(repr=False)
    """What these programs get."""
    tool_approval: frozenset[str]
    """Names of the tools whose calls the visitor approves; ``all`` is every tool."""
    tool_rounds: int
    tool_seconds: float
    more: Mapping[str, Any]
    """Fields of the request that are sent as they are."""
    shows_reasoning: bool
    attachments: frozenset[str]
    first_byte_seconds: float | None

    @property
    def has_tools(self) -> bool:
        """Whether the model may call tools of MCP servers."""
        return bool(self.mcp or self.mcp_stdio)

    @classmethod
    def of(cls, spec: RunnerSpec, environment: Mapping[str, str]) -> "OpenAiSettings":
        """Raises :class:`InvalidInput` with the path of each wrong setting."""
        given = Given.of(spec, OPENAI_SETTINGS, environment)
        more = {
            "temperature": given.number("temperature", low=0, high=2),
            "top_p": given.number("top_p", low=0, high=1),
            "reasoning_effort": _word(given, "reasoning_effort"),
            "seed": given.count("seed", low=0, high=2**63 - 1),
            "stop": _stop(given),
        }
        api = given.choice("api", _APIS)
        _check_api(given, api)
        return cls(
            api=api,
            remembers_there=given.choice("memory", _MEMORIES) == "endpoint",
            mcp=tuple(sorted(given.names("mcp"))),
            mcp_key=(given.secret("mcp_key_env") or "").strip() or None,
            mcp_stdio=_commands(given),
            mcp_environment=_environment(given),
            tool_approval=_approvals(given),
            tool_rounds=given.whole("tool_rounds", low=1, high=50),
            tool_seconds=given.whole("tool_seconds", low=1, high=600),
            steps=given.choice(STEPS_SETTING.name, STEPS),
            model=given.text("model"),
            instructions=given.text("instructions"),
            history=given.whole("history", low=0, high=HISTORY_LENGTH),
            api_key=(given.secret("api_key_env") or "").strip() or None,  # the line end of a file does not belong to it
            max_tokens=given.count("max_tokens", low=1, high=_MOST_TOKENS),
            more={name: value for name, value in more.items() if value is not None} | _extra_body(given),
            shows_reasoning=given.choice("reasoning", ("show", "hide")) == "show",
            attachments=given.some_of("attachments", _ATTACHMENTS),
            first_byte_seconds=first_byte_seconds(given),
        )


def _check_api(given: Given, api: str) -> None:
    if api == "responses":
        for name in ("seed", "stop"):
            if given.text(name):
                raise invalid_setting(name, "is not known to the Responses API: leave it out with api=responses")
    elif given.text("memory") == "endpoint":
        raise invalid_setting("memory", "can be endpoint with api=responses only")


def _commands(given: Given) -> tuple[tuple[str, ...], ...]:
    text = given.text("mcp_stdio").strip()
    listed = given.json("mcp_stdio") if text.startswith("[") else [text] if text else []
    if not all(isinstance(each, str) and each.strip() for each in listed) or len(listed) > _MOST_PROGRAMS:
        raise invalid_setting("mcp_stdio", f"must be a command, or a JSON list of 1 to {_MOST_PROGRAMS} commands")
    try:
        commands = tuple(tuple(shlex.split(each)) for each in listed)
    except ValueError as error:
        raise invalid_setting("mcp_stdio", f"cannot be read as a command: {error}") from None
    for program, *_rest in filter(None, commands):
        if which(program, path=given.environment.get("PATH", os.defpath)) is None:
            hint = "Install it where the server runs, or write its whole path."
            raise invalid_setting("mcp_stdio", f"the server finds no program {program!r}", hint=hint)
    return commands


def _environment(given: Given) -> dict[str, str]:
    named = given.variables("mcp_stdio_env")
    if named and not given.text("mcp_stdio"):
        raise invalid_setting("mcp_stdio_env", "needs mcp_stdio")
    return {name: given.environment[name] for name in _BASE_VARIABLES if name in given.environment} | named


def _approvals(given: Given) -> frozenset[str]:
    names = given.names("tool_approval")
    if names and not (given.text("mcp") or given.text("mcp_stdio")):
        raise invalid_setting("tool_approval", "needs mcp or mcp_stdio")
    return names


def _word(given: Given, name: str) -> str | None:
    text = given.text(name)
    if text and not (text.isascii() and text.replace("_", "").isalnum() and len(text) <= 32):
        raise invalid_setting(name, "must be a word such as low, medium or high")
    return text or None


def _stop(given: Given) -> Any:
    text = given.text("stop")
    if not text.startswith("["):
        return text or None
    found = given.json("stop")
    if not (0 < len(found) <= _MOST_STOPS and all(isinstance(each, str) and each for each in found)):
        raise invalid_setting("stop", f"must be text, or a JSON list of 1 to {_MOST_STOPS} texts")
    return found


def _extra_body(given: Given) -> dict[str, Any]:
    found = given.json("extra_body") if given.text("extra_body") else {}
    if not isinstance(found, dict):
        raise invalid_setting("extra_body", "must be a JSON object")
    if own := _OWN_FIELDS & found.keys():
        raise invalid_setting("extra_body", f"must not hold {', '.join(sorted(own))}")
    return found
