"""The settings with which an owner asks for a process of its own, and what they mean."""

from pathlib import Path

from attrs import evolve, field, frozen

from orcheo_adapters.runners.settings import Given, Setting, invalid_setting
from orcheo_adapters.runners.target import is_address
from orcheo_core.domain.workflow import RunnerSpec

PROCESS = "process"
ISOLATION_SETTINGS = (
    Setting(
        name="isolation",
        help="Where the code runs: `none` is the server's own process, `process` is a process of its own.",
        default="none",
    ),
    Setting(
        name="memory_mb", help="With `isolation=process`: MiB of memory that the process may have; 1024 when left out."
    ),
    Setting(
        name="cpu_seconds",
        help="With `isolation=process`: seconds of CPU time for one answer; without a limit when left out.",
    ),
    Setting(
        name="variables",
        help="With `isolation=process`: names of the server's environment variables that the process gets, separated "
        "by commas. Without it the process gets none of the server's secrets.",
    ),
    Setting(
        name="path",
        help="With `isolation=process`: folders before the server's own import path, separated by colons.",
    ),
)
_NAMES = frozenset(each.name for each in ISOLATION_SETTINGS)
_ONLY_WITH_PROCESS = tuple(each.name for each in ISOLATION_SETTINGS if each.name != "isolation")

_MEMORY_MB = 1024
_BASE_VARIABLES = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
) | {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
"""What programs need to find themselves, their language and the network."""


@frozen(kw_only=True)
class Isolation:
    """How a process of its own is to be."""

    memory_bytes: int = _MEMORY_MB * 2**20
    cpu_seconds: int | None = None
    path: tuple[str, ...] = ()
    environment: dict[str, str] = field(factory=dict, repr=False)


def wants_process(spec: RunnerSpec) -> bool:
    """Whether this workflow runs in a process of its own, which is for code only."""
    return spec.settings.get("isolation") == PROCESS and not is_address(spec.target)


def without_isolation(spec: RunnerSpec) -> RunnerSpec:
    """The same workflow as its own process knows it."""
    return evolve(spec, settings={name: value for name, value in spec.settings.items() if name not in _NAMES})


def check_isolation(given: Given) -> None:
    """Raise :class:`InvalidInput` for settings that make no sense together; for those without a process."""
    given.choice("isolation", ("none", PROCESS))
    for name in _ONLY_WITH_PROCESS:
        if given.text(name) and given.text("isolation") != PROCESS:
            hint = f"Take it out with an empty value (--setting {name}=), or set isolation=process."
            raise invalid_setting(name, "needs isolation=process", hint=hint)


def isolation_of(given: Given) -> Isolation:
    """Raises :class:`InvalidInput` for wrong values."""
    check_isolation(given)
    memory = given.count("memory_mb", low=64, high=1_000_000) or _MEMORY_MB
    folders = tuple(each for each in given.text("path").split(":") if each)
    for each in folders:
        if not Path(each).is_dir():
            raise invalid_setting("path", f"there is no folder {each!r} where the server runs")
    return Isolation(
        memory_bytes=memory * 2**20,
        cpu_seconds=given.count("cpu_seconds", low=1, high=86_400),
        path=tuple(str(Path(each).absolute()) for each in folders),
        environment=_environment(given),
    )


def _environment(given: Given) -> dict[str, str]:
    known = given.environment
    named = given.names("variables")
    for name in sorted(named - known.keys()):
        raise invalid_setting(
            "variables",
            f"the server has no environment variable {name!r}",
            hint="Set the variable where the server is started, and start it again.",
        )
    base = {name for name in known if name in _BASE_VARIABLES or name.startswith("LC_")}
    return {name: known[name] for name in base | named}
