"""Refusing what is switched off."""

from attrs import define

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.flags import Flag
from orcheo_core.errors import FeatureDisabled
from orcheo_core.ports.flags import Flags


@define(eq=False)
class FeatureGate:
    """Asks the flags; without any, everything is on."""

    _flags: Flags | None

    def is_on(self, flag: Flag, owner: Actor) -> bool:
        """Whether ``flag`` is on for workflows of ``owner``."""
        return self._flags is None or self._flags.is_on(flag, owner)

    def require(self, flag: Flag, owner: Actor) -> None:
        """Raise :class:`FeatureDisabled` unless ``flag`` is on for workflows of ``owner``."""
        if self._flags is not None and not self._flags.is_on(flag, owner):
            raise FeatureDisabled
