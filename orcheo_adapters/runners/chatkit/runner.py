"""Workflows that are servers of OpenAI's ChatKit SDK: subclasses of ``ChatKitServer``, as they are.

Orcheo answers the protocol; the server's own hooks are called within a turn, on a store over the turn's thread.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from orcheo_adapters.runners.chatkit.context import Visitor, visitor_request
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.lookups import Lookups
from orcheo_adapters.runners.owner_errors import told_to_owner
from orcheo_adapters.runners.packages import require_package
from orcheo_adapters.runners.settings import HEADERS_SETTING, Given, Setting
from orcheo_adapters.runners.target import Target, invalid_target
from orcheo_adapters.runners.task_run import Writer
from orcheo_core.domain.run import RunRequest
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Run, RunFailed, Runner, text_of

if TYPE_CHECKING:
    from chatkit.server import ChatKitServer

_FORM = "package.module:server"
_STORES = {
    "store": "store",
    "data_store": "store",
    "attachment_store": "attachment_store",
    "file_store": "attachment_store",
}
"""Parameters of a server's class that get one of our stores."""


class ChatKitRunner(Runner):
    """Executes ``package.module:server``: a subclass of ``ChatKitServer``, an instance, or what makes one."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name="context",
            help="`package.module:function` that makes the context of each request out of the visitor's request; "
            "without it the context is a dict with `request` and what is known of the visitor.",
        ),
        HEADERS_SETTING,
    )

    def __init__(self, conditions: Conditions) -> None:
        """Run under ``conditions``."""
        self._conditions = conditions
        self._servers = Lookups(_look_up)
        self._contexts = Lookups(_look_up_context)

    async def check(self, spec: RunnerSpec) -> None:
        """Import the target and make the server."""
        require_package("chatkit", extra="chatkit")
        given = Given.of(spec, self.settings, self._conditions.environment)
        await self._servers.fresh(spec.target)
        if given.text("context"):
            await self._contexts.fresh(given.text("context"))

    def run(self, request: RunRequest) -> Run:
        """See :meth:`Runner.run`."""
        return self._conditions.run_of(request, partial(self._answer, request))

    async def takes_actions(self, spec: RunnerSpec) -> bool:
        """See the port: a server whose class has one of the two hooks."""
        try:
            return (await self._servers.known(spec.target)).takes_actions
        except InvalidInput:
            return True

    async def takes_feedback(self, spec: RunnerSpec) -> bool:
        """See the port: a server whose class has the hook."""
        try:
            return (await self._servers.known(spec.target)).takes_feedback
        except InvalidInput:
            return False

    async def takes_recordings(self, spec: RunnerSpec) -> bool:
        """See the port: a server whose class has the hook ``transcribe``."""
        try:
            return (await self._servers.known(spec.target)).takes_recordings
        except InvalidInput:
            return False

    async def _answer(self, request: RunRequest, writer: Writer) -> None:
        hosted = await self._servers.known(request.spec.target)
        thread = writer.thread()
        if thread is None:
            raise RunFailed(
                "thread_not_reached",
                "A ChatKit server runs in the server's own process only. Take the setting isolation out.",
            )
        with told_to_owner(self._conditions.clock):
            context = await self._context(request)
            turn = hosted.turn(server=hosted.server, context=context, request=request, writer=writer, thread=thread)
            await turn.execute()

    async def _context(self, request: RunRequest) -> Any:
        visitor = visitor_request(request.context)
        named = request.spec.settings.get("context")
        if not named:
            return Visitor.of(request.context).as_dict() | {"request": visitor}
        made = (await self._contexts.known(named))(visitor)
        return await made if inspect.isawaitable(made) else made


@frozen(kw_only=True)
class _Hosted:
    """A server with all that its turns need, so that its package is imported only where there is one."""

    server: "ChatKitServer[Any]"
    turn: Callable[..., Any]
    takes_actions: bool
    takes_feedback: bool
    takes_recordings: bool


def _look_up(target: str) -> _Hosted:
    found = Target.parse(target, form=_FORM).find()
    from chatkit.server import ChatKitServer

    from orcheo_adapters.runners.chatkit.store import RunAttachmentStore, RunStore
    from orcheo_adapters.runners.chatkit.turn import ServerTurn

    stores = {"store": RunStore(), "attachment_store": RunAttachmentStore()}
    server = found if isinstance(found, ChatKitServer) else _made(target, found, stores)
    if not isinstance(server, ChatKitServer):
        raise invalid_target(
            f"{target!r} is not a ChatKitServer: it gave {type(server).__name__}",
            hint="Name a subclass of ChatKitServer, an instance, or a function without parameters that makes one.",
        )
    _give_stores(server, stores)
    cls = type(server)
    takes_actions = cls.action is not ChatKitServer.action or cls.sync_action is not ChatKitServer.sync_action
    return _Hosted(
        server=server,
        turn=ServerTurn,
        takes_actions=takes_actions,
        takes_feedback=cls.add_feedback is not ChatKitServer.add_feedback,
        takes_recordings=cls.transcribe is not ChatKitServer.transcribe,
    )


def _made(target: str, make: Any, stores: dict[str, Any]) -> Any:
    if not callable(make):
        return make
    given, missing = {}, []
    for each in inspect.signature(make).parameters.values():
        if each.name in _STORES and each.kind is not each.POSITIONAL_ONLY:
            given[each.name] = stores[_STORES[each.name]]
        elif each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            missing.append(each.name)
    if missing:
        raise invalid_target(
            f"{target!r} needs {', '.join(missing)}, which Orcheo does not know",
            hint="Name a function without parameters that makes the server.",
        )
    try:
        return make(**given)
    except Exception as error:
        raise invalid_target(f"making the server failed with {type(error).__name__}: {text_of(error)}") from error


def _give_stores(server: "ChatKitServer[Any]", stores: dict[str, Any]) -> None:
    """Put our stores in the place of the server's own, wherever it or what it holds keeps the same object."""
    own = {name: getattr(server, name, None) for name in stores}
    held = [each for each in vars(server).values() if hasattr(each, "__dict__") and each not in own.values()]
    for holder in (server, *held):
        for attribute, value in list(vars(holder).items()):
            for name, old in own.items():
                if old is not None and value is old:
                    setattr(holder, attribute, stores[name])
    for name, store in stores.items():
        setattr(server, name, store)


def _look_up_context(target: str) -> Callable[[Any], Any]:
    found = Target.parse(target, form="package.module:function").find()
    if not callable(found):
        raise invalid_target(f"{target!r}, which makes the context, cannot be called")
    return found  # type: ignore[no-any-return]  # callable() was asked above
