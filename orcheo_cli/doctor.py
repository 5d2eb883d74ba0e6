"""``orcheo doctor``: is everything in place here?"""

import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict, evolve, frozen

from orcheo_adapters.client.remote import OTHER_VERSION
from orcheo_adapters.client.settings import server_url
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.data_folder import DatabaseLost, DataFolder, is_no_folder
from orcheo_cli.context import CliContext, json_option
from orcheo_cli.exit_codes import FAILED
from orcheo_cli.help_option import HELP_BY_BOTH
from orcheo_cli.layout import one_line, paragraph
from orcheo_cli.output import print_json, terminal_width
from orcheo_cli.results import conduct_words, print_result
from orcheo_core.errors import OrcheoError

if TYPE_CHECKING:
    from orcheo_adapters.outgoing import Outgoing

_PRIVATE_FILES = ("secrets.json", "owner-token", "orcheo.db")
_INDENT = " " * 4
_WHERE = "What counts is the environment in which the server is started."


@frozen(kw_only=True)
class Finding:
    """One thing that was looked at; ``advice`` is empty when it is well."""

    subject: str
    found: str
    advice: str = ""


@click.command(
    params=[
        click.Option(["--space"], is_flag=True, help="Show how much room everything takes, and check nothing else."),
        json_option(),
    ],
    context_settings=HELP_BY_BOTH,
)
@click.pass_context
def doctor(ctx: click.Context, space: bool) -> None:
    """Check this installation and its server; exit 1 when something is wrong."""
    from orcheo_adapters.server.assembly import STATIC_FOLDER

    context: CliContext = ctx.obj
    settings = ServerSettings.load()
    if space:
        seen = look_at_space(context, settings)
        print_json(seen) if context.as_json else print_result(seen)
        return
    findings = examine(context, settings, STATIC_FOLDER)
    healthy = not any(each.advice for each in findings)
    if context.as_json:
        found = [asdict(each) for each in findings]
        print_json({"healthy": healthy, "data_folder": str(settings.data_dir), "findings": found})
    else:
        for each in findings:
            _print(each)
    ctx.exit(0 if healthy else FAILED)


def examine(context: CliContext, settings: ServerSettings, static_folder: Path) -> list[Finding]:
    """Look at everything; the data folder need not be here when a server answers from elsewhere."""
    server = _server(context)
    folder = _data_folder(settings.data_dir, needed=bool(server.advice))
    answers = [] if server.advice else list(_answers(context))
    outgoing = _outgoing(settings.runner_conditions.outgoing)
    return [_python(), _full_text_search(), _page(static_folder), *folder, *outgoing, server, *answers]


def _answers(context: CliContext) -> Iterator[Finding]:
    """What the server says of itself, as far as this command can read it."""
    for subject, look in _LOOKS.items():
        try:
            yield from list(look(context))
        except (LookupError, TypeError, AttributeError):
            yield Finding(subject=subject, found="the server's answer cannot be read", advice=OTHER_VERSION)


def look_at_space(context: CliContext, settings: ServerSettings) -> dict[str, Any]:
    """What the server says of its room; without one, what the data folder shows."""
    from orcheo_adapters.server.stores import space_of_folder
    from orcheo_adapters.system.attachment_files import files_space
    from orcheo_adapters.system.data_folder import DataFolder
    from orcheo_adapters.system.disk import free_bytes
    from orcheo_adapters.wire.operations import encode_result
    from orcheo_core.operations.space import shown_size, view_of

    folder = DataFolder(settings.data_dir)
    server = folder.server()
    if not folder.database.is_file() or (server is not None and server.is_running):
        return context.connect().perform("server.space", {})
    seen = view_of(space_of_folder(folder), files_space(folder.path / "attachments"))
    left = f" {shown_size(free_bytes(folder.path))} of the disk are free."
    return encode_result(evolve(seen, message=seen.message + left))


def _print(finding: Finding) -> None:
    mark, colour = ("!!", "yellow") if finding.advice else ("ok", "green")
    width = terminal_width(sys.stdout)
    click.secho(f"{mark:<4}", fg=colour, nl=False)
    click.echo(paragraph(f"{finding.subject}: {one_line(finding.found)}", width, label=_INDENT))
    if finding.advice:
        click.echo(_INDENT + paragraph(finding.advice, width, label=_INDENT))


def _python() -> Finding:
    return Finding(subject="Python", found=sys.version.split()[0])


def _full_text_search() -> Finding:
    connection = sqlite3.connect(":memory:")
    options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    connection.close()
    advice = "" if "ENABLE_FTS5" in options else "Use a Python whose SQLite has FTS5: the docs assistant needs it."
    return Finding(subject="SQLite", found=sqlite3.sqlite_version, advice=advice)


def _page(static_folder: Path) -> Finding:
    if (static_folder / "chat.html").is_file():
        return Finding(subject="Chat page", found="built")
    return Finding(subject="Chat page", found="not built", advice="Run `make web` in the checkout.")


def _data_folder(folder: Path, *, needed: bool) -> list[Finding]:
    if is_no_folder(folder):
        found = f"{folder} is a file, where the data folder should be"
        return [Finding(subject="Data folder", found=found, advice="Choose another with ORCHEO_DATA_DIR.")]
    try:
        files = [_private(folder, "Data folder"), *_private_files(folder)]
        return [*files, *_lost(DataFolder(folder), needed=needed), *_disk(folder)]
    except FileNotFoundError:
        advice = "Start `orcheo serve` once." if needed else ""
        return [Finding(subject="Data folder", found=f"{folder} (does not exist)", advice=advice)]
    except OSError as error:
        found = f"{folder} cannot be read: {error.strerror}"
        return [Finding(subject="Data folder", found=found, advice="Choose another with ORCHEO_DATA_DIR.")]


def _lost(folder: DataFolder, *, needed: bool) -> Iterator[Finding]:
    """What the next start would refuse. Where a server answers, the folder may hold its owner token alone."""
    from orcheo_adapters.auth.secrets_file import SecretsLost

    try:
        folder.check_database()
    except DatabaseLost as error:
        if needed:
            yield Finding(subject=folder.database.name, found=error.detail.rstrip("."), advice=error.hint)
    else:
        if folder.database.exists() and not folder.secrets.exists():
            found = f"{folder.secrets} is missing"
            yield Finding(subject=folder.secrets.name, found=found, advice=SecretsLost.hint)


def _disk(folder: Path) -> Iterator[Finding]:
    from orcheo_adapters.system.disk import NETWORK_ADVICE, network_system

    if system := network_system(folder):
        yield Finding(subject="Disk", found=f"{folder} is on a network disk ({system})", advice=NETWORK_ADVICE)


def _private_files(folder: Path) -> Iterator[Finding]:
    return (_private(folder / name, name) for name in _PRIVATE_FILES if (folder / name).exists())


def _private(path: Path, subject: str) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    advice = f"Other users can read it: run chmod go-rwx {path}" if mode & 0o077 else ""
    return Finding(subject=subject, found=f"{path} (mode {mode:o})", advice=advice)


def _outgoing(outgoing: "Outgoing") -> Iterator[Finding]:
    """What is wrong with proxies and certificates for requests to endpoints; a server has its own environment."""
    import asyncio

    for fault in asyncio.run(outgoing.faults()):
        found = f"in this environment {fault.found}"
        yield Finding(subject="Outgoing requests", found=found, advice=f"{fault.advice} {_WHERE}")


def _server(context: CliContext) -> Finding:
    try:
        context.connect().perform("workflows.list", {"limit": 1})
        return Finding(subject="Server", found=f"{server_url()} answers and takes this service token")
    except OrcheoError as error:
        return Finding(subject="Server", found=error.detail, advice=error.hint)


def _storage(context: CliContext) -> Iterator[Finding]:
    """Whether the server could save something now: reading works on a full disk, and without the database's file."""
    try:
        context.connect().ready()
        yield Finding(subject="Storage", found="the server can save changes")
    except OrcheoError as error:
        yield Finding(subject="Storage", found=error.detail, advice=error.hint)


def _versions(context: CliContext) -> Iterator[Finding]:
    """Whether this command and the server are of the same version."""
    here = version("orcheo")
    try:
        there = context.connect().version()
    except OrcheoError as error:
        yield Finding(subject="Versions", found=error.detail, advice=error.hint)
        return
    if there is not None:
        advice = "" if there == here else "Install the same version here and where the server runs."
        yield Finding(subject="Versions", found=f"server {there}, this command {here}", advice=advice)


_HARM_ADVICE = "The server's log names the place in the code; see docs/how-to/isolate-a-workflow.md."


_MANY_ATTEMPTS = 3
"""Failed attempts for one message, made within a minute: fewer happen whenever a receiver is restarted."""


def _webhook(context: CliContext) -> Iterator[Finding]:
    """Whether its messages arrive; only operators may know."""
    try:
        shown = context.connect().perform("webhook.show", {})
    except OrcheoError:
        return
    is_well = shown["attempts"] < _MANY_ATTEMPTS and (shown["receiver"] is None or shown["waiting"] < shown["most"])
    advice = "" if is_well else "Look at the receiver; the server's log says why (docs/how-to/get-told.md)."
    yield Finding(subject="Webhook", found=shown["message"].rstrip("."), advice=advice)


_NAMED = 5
"""How many workflows a finding names."""

_ADVICE = {
    "closed_until_restart": (
        "They were closed while the disk took nothing, which holds until a restart: free some space, and do not "
        "restart the server before."
    ),
    "feature_disabled": "Publishing is switched off on this server: ask its operator, or unpublish them.",
    "no_identity_provider": (
        "Visitors must sign in, and this server has no identity provider: set one up "
        "(docs/how-to/ask-visitors-to-sign-in.md), or run `orcheo workflow set-login --no-require-login`."
    ),
}


def _workflows(context: CliContext) -> Iterator[Finding]:
    """Workflows that let no visitor in although they are public, and those that harm the server's process."""
    try:
        workflows = context.connect().perform("workflows.list", {"all": True})["workflows"]
    except OrcheoError as error:
        yield Finding(subject="Workflows", found=error.detail, advice=error.hint)
        return
    yield from _shut([each for each in workflows if each["is_public"]])
    harmful = ((each, conduct_words(each.get("conduct"))) for each in workflows)
    for each, words in [found for found in harmful if found[1]][:_NAMED]:
        found = f"{each['handle']} has {', '.join(words)} since the server started"
        yield Finding(subject="Workflows", found=found, advice=_HARM_ADVICE)


def _shut(public: list[dict[str, Any]]) -> Iterator[Finding]:
    """One finding for each reason."""
    for obstacle, advice in _ADVICE.items():
        shut = [str(each["handle"]) for each in public if each["obstacle"] == obstacle]
        if shut:
            more = f" and {len(shut) - _NAMED} more" if len(shut) > _NAMED else ""
            found = f"{', '.join(shut[:_NAMED])}{more}: public, but no visitor can come in"
            yield Finding(subject="Workflows", found=found, advice=advice)


_LOOKS: dict[str, Callable[[CliContext], Iterator[Finding]]] = {
    "Storage": _storage,
    "Versions": _versions,
    "Workflows": _workflows,
    "Webhook": _webhook,
}
"""What is asked of a server that answers."""
