"""The settings of a kind of runner: what it knows, and what of that a workflow has."""

import json
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from orcheo_core.domain.workflow import RunnerSpec, header_names
from orcheo_core.errors import FieldError, InvalidInput


@frozen(kw_only=True)
class Setting:
    """One setting that a kind of runner knows."""

    name: str
    help: str
    default: str | None = None
    """What counts when it is left out; None: nothing."""
    needed: bool = False


HEADERS_SETTING = Setting(
    name="headers",
    help="Request headers that the workflow is given, names separated by commas: `map-id,article-id`; at most 20, and "
    "none that holds credentials.",
)


def invalid_setting(name: str, message: str, *, hint: str | None = None) -> InvalidInput:
    """The error that names a setting."""
    return InvalidInput(FieldError(f"settings.{name}", message), hint=hint)


@frozen
class Given:
    """The settings of one workflow, known by name; a value is parsed when it is asked for."""

    values: Mapping[str, str]
    environment: Mapping[str, str] = field(default=MappingProxyType({}), repr=False)

    @classmethod
    def of(cls, spec: RunnerSpec, known: Sequence[Setting], environment: Mapping[str, str]) -> "Given":
        """Raises :class:`InvalidInput` for unknown and for missing settings, each by its path; and for headers."""
        names = {each.name for each in known}
        wrong = [FieldError(f"settings.{name}", "is not known here") for name in spec.settings.keys() - names]
        missing = [each.name for each in known if each.needed and not spec.settings.get(each.name)]
        wrong += [FieldError(f"settings.{name}", "is needed") for name in missing]
        if wrong:
            knows = ", ".join(sorted(names)) or "none"
            hint = f"The runner {spec.kind} knows these settings: {knows}."
            raise InvalidInput(*sorted(wrong, key=lambda each: each.path), hint=hint)
        if HEADERS_SETTING.name in names:
            header_names(spec.settings.get(HEADERS_SETTING.name, ""))
        defaults = {each.name: each.default for each in known if each.default is not None}
        return cls(defaults | spec.settings, environment)

    def text(self, name: str) -> str:
        """The value, empty when it is left out."""
        return self.values.get(name, "")

    def whole(self, name: str, *, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise invalid_setting(name, f"must be a whole number from {low} to {high}")
        return int(text)

    def number(self, name: str, *, low: float, high: float) -> float | None:
        """A number from ``low`` to ``high``; None when it is left out."""
        if not self.text(name):
            return None
        try:
            value = float(self.text(name))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise invalid_setting(name, f"must be a number from {low:g} to {high:g}")
        return value

    def count(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``; None when it is left out."""
        return self.whole(name, low=low, high=high) if self.text(name) else None

    def choice(self, name: str, options: Collection[str]) -> str:
        """One of ``options``."""
        text = self.text(name)
        if text not in options:
            raise invalid_setting(name, f"must be one of {', '.join(options)}")
        return text

    def some_of(self, name: str, options: Collection[str]) -> frozenset[str]:
        """Names with commas between them, each one of ``options``."""
        names = self.names(name)
        if not names <= frozenset(options):
            raise invalid_setting(name, f"must be a comma-separated list of: {', '.join(options)}")
        return names

    def json(self, name: str) -> Any:
        """JSON; None when it is left out."""
        if not self.text(name):
            return None
        try:
            return json.loads(self.text(name))
        except (ValueError, RecursionError) as error:
            raise invalid_setting(name, f"must be JSON: {error}") from None

    def names(self, name: str) -> frozenset[str]:
        """Names with commas between them."""
        return frozenset(each.strip() for each in self.text(name).split(",") if each.strip())

    def secret(self, name: str) -> str | None:
        """The value of the environment variable that is named; None when none is named."""
        variable = self.text(name)
        return self._variable(name, variable) if variable else None

    def variables(self, name: str) -> dict[str, str]:
        """The environment variables that are named, with commas between their names."""
        return {each: self._variable(name, each) for each in sorted(self.names(name))}

    def _variable(self, name: str, variable: str) -> str:
        if not self.environment.get(variable):
            raise invalid_setting(
                name,
                f"the server has no environment variable {variable!r}",
                hint="Set the variable where the server is started, and start it again.",
            )
        return self.environment[variable]


FIRST_BYTE_SETTING = Setting(
    name="first_byte_seconds",
    help="Seconds to wait for the first byte of an answer; as long as the answer may take when left out.",
)


def first_byte_seconds(given: Given) -> float | None:
    """The value of :data:`FIRST_BYTE_SETTING`."""
    return given.number(FIRST_BYTE_SETTING.name, low=1, high=3_600)
