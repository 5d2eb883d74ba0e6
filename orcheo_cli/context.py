"""What one invocation of the CLI works with."""

from collections.abc import Callable

from attrs import frozen

from orcheo_adapters.remote import Operations


def _connect() -> Operations:
    from orcheo_adapters.client_settings import ClientSettings
    from orcheo_adapters.remote import RemoteOperations
    from orcheo_core.domain.actor import Channel

    return RemoteOperations(ClientSettings.load(), Channel.CLI)


@frozen(kw_only=True)
class CliContext:
    """The global options, and how to reach the operations (only when a command needs them)."""

    as_json: bool = False
    debug: bool = False
    connect: Callable[[], Operations] = _connect
