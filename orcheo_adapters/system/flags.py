"""Feature flags by OpenFeature: any provider that an operator names, or plain settings."""

from collections.abc import Mapping
from importlib import import_module

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider import FeatureProvider
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from orcheo_core.domain.actor import Actor
from orcheo_core.domain.flags import Flag
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.flags import Flags

PROVIDER_SETTING = "ORCHEO_FLAGS_PROVIDER"
_HINT = "Correct the setting (package.module:callable) or take it out, then start the server again."


class OpenFeatureFlags(Flags):
    """The owner's name is the targeting key, so a provider can roll out by owner or by percentage."""

    def __init__(self, settings: Mapping[Flag, bool], provider: FeatureProvider | None = None) -> None:
        """``settings`` hold where there is no ``provider``, and where it fails."""
        self._settings = dict(settings)
        domain = f"orcheo-{id(self)}"  # OpenFeature keeps providers for the whole process, by domain
        api.set_provider_and_wait(provider or _from_settings(self._settings), domain)
        self._client = api.get_client(domain)

    def is_on(self, flag: Flag, owner: Actor) -> bool:
        """See the port."""
        return self._client.get_boolean_value(
            flag.value, self._settings[flag], EvaluationContext(targeting_key=owner.name)
        )


def _from_settings(settings: Mapping[Flag, bool]) -> FeatureProvider:
    variants = {"on": True, "off": False}
    return InMemoryProvider(
        {flag.value: InMemoryFlag("on" if is_on else "off", variants) for flag, is_on in settings.items()}
    )


def open_flags(settings: Mapping[Flag, bool], provider_target: str | None) -> Flags:
    """The flags of an operator's settings; ``provider_target`` names a callable that makes an OpenFeature provider.

    Raises :class:`InvalidInput`, which names the setting.
    """
    if provider_target is None:
        return OpenFeatureFlags(settings)
    try:
        module, _, name = provider_target.partition(":")
        provider = getattr(import_module(module), name)()
    except Exception as error:  # noqa: BLE001 - whatever a foreign module does at its start
        raise _unusable(f"cannot be used: {type(error).__name__}: {error}") from None
    if not hasattr(provider, "resolve_boolean_details"):
        raise _unusable("must name a callable that returns an OpenFeature provider")
    return OpenFeatureFlags(settings, provider)


def _unusable(why: str) -> InvalidInput:
    return InvalidInput(FieldError(PROVIDER_SETTING, why), hint=_HINT)
