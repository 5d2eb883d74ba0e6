"""Refusing what is switched off."""

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.flags import Flag
from orcheo_core.errors import FeatureDisabled
from orcheo_core.ports.flags import Flags


class FeatureGate:
    """Asks the flags; without any, everything is on."""

    def __init__(self, flags: Flags | None) -> None:
        """Ask ``flags``."""
        self._flags = flags

    def require(self, flag: Flag, owner: Actor) -> None:
        """Raise :class:`FeatureDisabled` unless ``flag`` is on for workflows of ``owner``."""
        if self._flags is not None and not self._flags.is_on(flag, owner):
            raise FeatureDisabled
