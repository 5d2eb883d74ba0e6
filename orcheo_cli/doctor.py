"""``orcheo doctor``: is everything in place here?"""

import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from attrs import frozen

from orcheo_adapters.settings import ServerSettings
from orcheo_cli.context import CliContext
from orcheo_cli.exit_codes import FAILED
from orcheo_cli.output import clean, print_json
from orcheo_core.errors import OrcheoError

_PRIVATE_FILES = ("secrets.json", "owner-token")


@frozen(kw_only=True)
class Finding:
    """One thing that was looked at; ``advice`` is empty when it is well."""

    subject: str
    found: str
    advice: str = ""


@click.command()
@click.pass_obj
def doctor(context: CliContext) -> None:
    """Check this installation and its server; exit 1 when something is wrong."""
    findings = list(_examine(context, ServerSettings.load()))
    healthy = not any(each.advice for each in findings)
    if context.as_json:
        rows = [{"subject": each.subject, "found": each.found, "advice": each.advice} for each in findings]
        print_json({"healthy": healthy, "findings": rows})
    else:
        for each in findings:
            _print(each)
    if not healthy:
        sys.exit(FAILED)


def _print(finding: Finding) -> None:
    mark, colour = ("!!", "yellow") if finding.advice else ("ok", "green")
    click.secho(f"{mark}  ", fg=colour, nl=False)
    click.echo(f"{finding.subject}: {clean(finding.found)}")
    if finding.advice:
        click.echo(f"    {clean(finding.advice)}")


def _examine(context: CliContext, settings: ServerSettings) -> Iterator[Finding]:
    yield Finding(subject="Python", found=sys.version.split()[0])
    yield _full_text_search()
    yield _page()
    yield from _data_folder(settings.data_dir)
    yield _attempt("Server", lambda: str(len(context.connect().perform("workflows.list", {})["workflows"])))


def _full_text_search() -> Finding:
    options = {row[0] for row in sqlite3.connect(":memory:").execute("PRAGMA compile_options")}
    advice = "" if "ENABLE_FTS5" in options else "Use a Python whose SQLite has FTS5: the docs assistant needs it."
    return Finding(subject="SQLite", found=sqlite3.sqlite_version, advice=advice)


def _page() -> Finding:
    from orcheo_adapters.bootstrap import STATIC_FOLDER

    if (STATIC_FOLDER / "chat.html").is_file():
        return Finding(subject="Chat page", found="built")
    return Finding(subject="Chat page", found="not built", advice="Run `make web` in the checkout.")


def _data_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(subject="Data folder", found=f"{folder} (not there yet)", advice="Start `orcheo serve` once.")
        return
    yield _private(folder, "Data folder")
    for name in _PRIVATE_FILES:
        if (folder / name).exists():
            yield _private(folder / name, name)


def _private(path: Path, subject: str) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    advice = f"Others can reach it: chmod go-rwx {path}" if mode & 0o077 else ""
    return Finding(subject=subject, found=f"{path} (mode {mode:o})", advice=advice)


def _attempt(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject=subject, found=f"answers, {ask()} workflows on the first page")
    except OrcheoError as error:
        return Finding(subject=subject, found=error.detail, advice=error.hint)
