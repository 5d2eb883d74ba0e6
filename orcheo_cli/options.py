"""What the command line asks of options: each is given once, lengths of time as people write them, and errors that
name what was typed."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from orcheo_core.domain.durations import count_of
from orcheo_core.errors import FieldError, InvalidInput, OrcheoError

PARAMETERS_FILE = "parameters_file"
"""What the option for a file of parameters is called inside."""
_PATH = re.compile(r"([a-z_]+)(?:\[([0-9]+)\]|(?:\.|: )(.*))?", re.DOTALL)
_NAMED = re.compile(r"`([a-z_]+)`")


class Command(click.Command):
    """A command whose options are given once, but for those that may be repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click takes the last of several; here that is an error."""
        given = list(args)
        as_json = "--json" in given or getattr(ctx.obj, "as_json", False)
        with nullcontext() if as_json else errors_in_options(), _errors_of(ctx):
            rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(list(given))
            for param, times in Counter(order).items():
                if times > 1 and isinstance(param, click.Option) and not param.multiple and _says_something(param):
                    raise click.UsageError(_given_twice(param, given), ctx)
        return rest


@contextmanager
def _errors_of(ctx: click.Context) -> Iterator[None]:
    """Click leaves out the command of some errors, such as of an option without its value; the hint names it."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or ctx
        raise


def _says_something(option: click.Option) -> bool:
    """Whether it says more than a flag that is there or not."""
    return not option.is_flag or bool(option.secondary_opts)


def _given_twice(option: click.Option, given: list[str]) -> str:
    forms = [each for each in (option.opts[0], *option.secondary_opts) if each in given]
    if len(forms) > 1:
        return f"{' and '.join(forms)} cannot be given together."
    return f"{option.opts[0]} was given more than once."


class Number(click.ParamType[int]):
    """A whole number; a wrong one is refused as the server refuses values, not in Click's words."""

    name = "integer"

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        """Bounds that the server does not check; both or none."""
        self._bounds = None if least is None or most is None else (least, most)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ARG002 - Click's
        """See Click; raises :class:`InvalidInput`."""
        number = _whole(value)
        if self._bounds is None:
            if number is None:
                raise refused(param, "must be a whole number")
            return number
        least, most = self._bounds
        if number is None or not least <= number <= most:
            raise refused(param, f"must be a whole number from {least} to {most}")
        return number


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def refused(param: click.Parameter | None, message: str) -> InvalidInput:
    """What is wrong with the value of an option or argument, as the server says it."""
    return InvalidInput(FieldError(str(param.name if param else ""), message))


class Length(click.ParamType[int]):
    """A length of time, such as ``1h``, as a whole number of seconds or days, which may also be given as it is."""

    name = "duration"

    def __init__(self, unit: str) -> None:
        """``unit`` is what the number counts."""
        self._unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ARG002 - Click's
        """See Click; raises :class:`InvalidInput`."""
        number = _whole(value)
        if number is not None:
            return number
        return count_of(str(param.name if param else ""), value, self._unit)


class FolderPath(click.ParamType[Path]):
    """The path of a folder; whether it can be used is said by what uses it, as for one that a variable names."""

    name = "directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ARG002 - Click's
        """See Click; raises :class:`InvalidInput`."""
        if not value.strip():
            raise refused(param, "must name a folder")
        return Path(value).expanduser()


@contextmanager
def errors_in_options() -> Iterator[None]:
    """Let errors name options and arguments as they are typed, in place of the fields of a request."""
    try:
        yield
    except OrcheoError as error:
        detail = error.detail
        for each in getattr(error, "fields", ()):
            detail = detail.replace(str(each), _in_options(each, click.get_current_context()))
        error.args = (detail,)
        raise


def _in_options(error: FieldError, context: click.Context) -> str:
    options = {each.name: each for each in context.command.params if each.name}
    message = _NAMED.sub(lambda found: f"`{_typed(options.get(found[1])) or found[1]}`", error.message)
    found = _PATH.fullmatch(error.path)
    typed = _typed(options.get(found[1])) if found else None
    if found is None or typed is None or _is_of_file(context, found[1]):
        return str(FieldError(error.path, message))
    value = found[3] or _entry(context.params.get(found[1]), found[2])
    return f"{typed} {shlex.quote(value)}: {message}" if value else f"{typed}: {message}"


def _is_of_file(context: click.Context, name: str) -> bool:
    """Whether a file was given, which then has this value and names it so."""
    has_file = context.params.get(PARAMETERS_FILE) is not None
    return has_file and context.get_parameter_source(name) is not ParameterSource.COMMANDLINE


def _typed(param: click.Parameter | None) -> str | None:
    if param is None:
        return None
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


def _entry(values: Any, index: str | None) -> str | None:
    return str(values[int(index)]) if index and isinstance(values, tuple) and int(index) < len(values) else None


def is_filtered(*names: str) -> bool:
    """Whether the command that is being carried out was given one of these options."""
    context = click.get_current_context(silent=True)
    return (
        any(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in names) if context else False
    )
