"""The owner is asked before public changes: through the client where it can, by the argument where it cannot."""

import os
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import field, frozen
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.server.request_state import InvalidRequestState
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, CallToolResult, ElicitResult, ErrorData, InputRequiredResult

from orcheo_adapters.client.remote import Operations
from orcheo_adapters.mcp.offer import Offer
from orcheo_adapters.mcp.questions import Questions
from orcheo_core.domain.actor import Channel, Scope
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_mcp.server import create_server
from tests.mcp.answers import connect, data_of, refusal
from tests.sync_server import SyncTestServer

both_ways = pytest.mark.parametrize("mode", ["legacy", "auto"])
"""The handshake of 2025, where the server asks, and the protocol of 2026, where the client asks and calls again."""


@frozen
class Owner:
    """An owner at the client, who always answers the same."""

    answer: str
    asked: list[str] = field(factory=list)

    async def __call__(self, context: Any, params: Any) -> Any:
        """Answer a question."""
        self.asked.append(params.message)
        if self.answer == "broken":
            return ErrorData(code=INTERNAL_ERROR, message="no form here")
        return ElicitResult(action=self.answer, content={})  # type: ignore[arg-type]  # a word of the protocol


def client(app_server: SyncTestServer, mode: str, owner: ElicitationFnT | None = None) -> Client:
    """A client of the server."""
    server = create_server(app_server.operations(Channel.MCP), Offer(shows_secrets=True))
    return connect(server, mode=mode, elicitation_callback=owner)


@both_ways
async def test_the_owner_is_asked_in_the_words_of_the_command_line(sync_server: SyncTestServer, mode: str) -> None:
    """A yes is enough, without any argument."""
    sync_server.add()
    owner = Owner("accept")
    async with client(sync_server, mode, owner) as assistant:
        published = data_of(await assistant.call_tool("workflows_publish", {"ref": "echo"}))
    assert published["workflow"]["is_public"] is True
    assert owner.asked == ["Publish echo? Anyone with its share link can then chat with it."]


@both_ways
async def test_an_edit_asks_only_when_it_ends_what_others_use(sync_server: SyncTestServer, mode: str) -> None:
    """A new name ends nothing; a new handle ends the share link, and needs the argument where no one can be asked."""
    sync_server.publish()
    owner = Owner("accept")
    async with client(sync_server, mode, owner) as assistant:
        data_of(await assistant.call_tool("workflows_edit", {"ref": "echo", "name": "Parrot"}))
        assert owner.asked == []
        data_of(await assistant.call_tool("workflows_edit", {"ref": "echo", "handle": "parrot"}))
    assert owner.asked == ["Change echo? Links, pages and programs that name echo stop working."]
    async with client(sync_server, mode) as assistant:
        refused = await refusal(assistant, "workflows_edit", ref="parrot", handle="echo")
        assert refused["code"] == "confirmation_needed"
        assert "programs that name parrot" in refused["detail"]
        arguments = {"ref": "parrot", "handle": "echo", "confirm": True}
        assert data_of(await assistant.call_tool("workflows_edit", arguments))["workflow"]["handle"] == "echo"


@both_ways
@pytest.mark.parametrize("answer", ["decline", "cancel"])
async def test_nothing_happens_without_a_yes(sync_server: SyncTestServer, mode: str, answer: str) -> None:
    """Even if the model says that they agreed."""
    sync_server.add()
    async with client(sync_server, mode, Owner(answer)) as assistant:
        problem = await refusal(assistant, "workflows_publish", ref="echo", confirm=True)
    assert problem["code"] == "declined"
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


@both_ways
async def test_where_nobody_can_be_asked_the_argument_is_needed(sync_server: SyncTestServer, mode: str) -> None:
    """The refusal has the question, for the conversation."""
    sync_server.add()
    async with client(sync_server, mode) as assistant:
        problem = await refusal(assistant, "workflows_remove", ref="echo")
        assert problem["code"] == "confirmation_needed"
        assert "Delete echo? This cannot be undone." in problem["detail"]
        assert "confirm: true" in problem["hint"]
        await refusal(assistant, "workflows_remove", ref="echo", confirm="yes")
        assert data_of(await assistant.call_tool("workflows_remove", {"ref": "echo", "confirm": "true"}))


@both_ways
@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("workflows_publish", {"ref": "nope"}, "workflow_not_found"),
        ("workflows_unpublish", {"ref": "echo"}, "not_published"),
        ("workflows_rotate_publish_token", {"ref": "echo", "grace_seconds": -1}, "invalid_input"),
        ("workflows_remove", {}, "invalid_input"),
    ],
)
async def test_no_one_is_asked_about_what_cannot_be_done(
    sync_server: SyncTestServer, mode: str, tool: str, arguments: dict[str, Any], code: str
) -> None:
    """The refusal comes in place of the question, with and without someone to ask."""
    sync_server.add()
    owner = Owner("accept")
    async with client(sync_server, mode, owner) as assistant:
        assert (await refusal(assistant, tool, **arguments))["code"] == code
    assert owner.asked == []
    async with client(sync_server, mode) as assistant:
        assert (await refusal(assistant, tool, **arguments))["code"] == code


@both_ways
async def test_no_one_is_asked_when_the_secret_could_not_be_kept(
    sync_server: SyncTestServer, mode: str, tmp_path: Path
) -> None:
    """A file that is there already; one that can be made is, once the owner has agreed, and not before."""
    sync_server.add()
    owner = Owner("accept")
    there, new = tmp_path / "there", tmp_path / "new"
    there.touch()
    async with client(sync_server, mode, owner) as assistant:
        refused = await refusal(assistant, "workflows_publish", ref="echo", secret_to_file=str(there))
        assert (refused["code"], owner.asked) == ("invalid_input", [])
        arguments = {"ref": "echo", "secret_to_file": str(new)}
        data_of(await assistant.call_tool("workflows_publish", arguments))
    assert len(owner.asked) == 1
    assert new.read_text().startswith("orc_pt_")
    assert there.read_text() == ""


async def test_a_file_is_not_left_behind_by_a_no(sync_server: SyncTestServer, tmp_path: Path) -> None:
    """It was only tried whether it can be made."""
    sync_server.add()
    async with client(sync_server, "auto", Owner("decline")) as assistant:
        await refusal(assistant, "workflows_publish", ref="echo", secret_to_file=str(tmp_path / "new"))
    assert not os.listdir(tmp_path)  # noqa: PTH208 - what pathlib would block is not worth a thread here


async def test_no_one_is_asked_who_may_not(sync_server: SyncTestServer) -> None:
    """A service token that may only read."""
    owner = Owner("accept")
    reading = sync_server.operations(Channel.MCP, sync_server.token(Scope.WORKFLOWS_READ))
    async with connect(create_server(reading), mode="legacy", elicitation_callback=owner) as assistant:
        assert (await refusal(assistant, "workflows_publish", ref="echo"))["code"] == "scope_missing"
    assert owner.asked == []


async def test_a_client_that_cannot_ask_after_all_is_one_that_cannot(sync_server: SyncTestServer) -> None:
    """It announced forms and fails to show one: nothing is done."""
    sync_server.add()
    async with client(sync_server, "legacy", Owner("broken")) as assistant:
        assert (await refusal(assistant, "workflows_publish", ref="echo"))["code"] == "confirmation_needed"


async def test_what_is_deleted_is_counted_before_anybody_is_asked(sync_server: SyncTestServer) -> None:
    """The question is that of the dry run; where there is nothing to delete there is no question."""
    sync_server.add()
    owner = Owner("accept")
    async with client(sync_server, "auto", owner) as assistant:
        assert data_of(await assistant.call_tool("threads_purge", {"ref": "echo", "all": True}))["purged"] == 0
        assert owner.asked == []
        sync_server.chat("echo")
        await assistant.call_tool("threads_purge", {"ref": "echo", "all": True, "dry_run": True})
        assert owner.asked == []
        assert data_of(await assistant.call_tool("threads_purge", {"ref": "echo", "all": True}))["purged"] == 1
    assert len(owner.asked) == 1
    assert "1 thread" in owner.asked[0]


def test_every_change_that_cannot_be_undone_asks() -> None:
    """By every door; what the reference prints and what is asked come together."""
    assert all((each.confirmation is None) is (each.question is None) for each in CATALOGUE.values())
    assert all(each.confirmation for each in CATALOGUE.values() if each.effect == "destructive")


@both_ways
async def test_a_service_token_is_handed_out_by_the_owner_alone(
    sync_server: SyncTestServer, mode: str, tmp_path: Path
) -> None:
    """Who gets which scopes until when is asked; without a yes there is neither a token nor a file."""
    offer, owner = Offer(tokens=True), Owner("accept")
    wanted = {"scopes": ["workflows:read", "operator"], "secret_to_file": str(tmp_path / "token")}
    server = create_server(sync_server.operations(Channel.MCP), offer)
    async with connect(server, mode=mode) as assistant:
        refused = await refusal(assistant, "tokens_create", **wanted)
        assert refused["code"] == "confirmation_needed"
        assert (
            "Programs that hold it can use the owner API as owner:local, until someone revokes it." in refused["detail"]
        )
    async with connect(server, mode=mode, elicitation_callback=Owner("decline")) as assistant:
        assert (await refusal(assistant, "tokens_create", **wanted, confirm=True))["code"] == "declined"
    assert not (tmp_path / "token").exists()
    async with connect(server, mode=mode, elicitation_callback=owner) as assistant:
        for scopes, code in (([], "invalid_input"), (["fly"], "invalid_input")):
            assert (await refusal(assistant, "tokens_create", **wanted | {"scopes": scopes}))["code"] == code
        assert owner.asked == []
        data_of(await assistant.call_tool("tokens_create", wanted | {"owner": "ada", "expires_in_days": 1}))
    (question,) = owner.asked
    assert question.startswith("Create a service token for owner:ada with operator, workflows:read?")
    assert question.endswith("Programs that hold it can use the owner API as owner:ada, for 1 day.")
    assert (tmp_path / "token").read_text().startswith("orc_st_")


async def test_no_one_is_asked_about_a_service_token_that_the_caller_may_not_issue(sync_server: SyncTestServer) -> None:
    """Neither scopes of which they have fewer, nor one for another owner."""
    owner, offer = Owner("accept"), Offer(tokens=True)
    own = sync_server.operations(Channel.MCP, sync_server.token(Scope.TOKENS_MANAGE))
    async with connect(create_server(own, offer), mode="legacy", elicitation_callback=owner) as assistant:
        for wanted in ({"scopes": ["operator"]}, {"scopes": ["tokens:manage"], "owner": "bob"}):
            problem = await refusal(assistant, "tokens_create", **wanted)
            assert problem["code"] == "scope_missing", problem
    assert owner.asked == []


class Replay:
    """An assistant that answers on its own, with states that it was given for other questions."""

    def __init__(self, assistant: Client) -> None:
        self.assistant = assistant

    async def ask(self, tool: str, **arguments: Any) -> str | None:
        """Call without an answer; the state that comes with the question."""
        asked = await self._call(tool, arguments, None, None)
        assert isinstance(asked, InputRequiredResult)
        return asked.request_state

    async def answer(self, state: str | None, tool: str, **arguments: Any) -> bool:
        """Call with a yes and this state; whether the act was carried out."""
        yes = {"confirm": ElicitResult(action="accept", content={})}
        try:
            return isinstance(await self._call(tool, arguments, yes, state), CallToolResult)
        except MCPError:
            return False

    async def _call(self, tool: str, arguments: dict[str, Any], answers: Any, state: str | None) -> Any:
        return await self.assistant.session.call_tool(
            tool, arguments, input_responses=answers, request_state=state, allow_input_required=True
        )


async def test_an_answer_counts_for_its_own_question_only(sync_server: SyncTestServer) -> None:
    """Not for another tool, other arguments, without a question, nor a second time."""
    sync_server.add()
    sync_server.add("other")
    async with client(sync_server, "auto", Owner("accept")) as assistant:
        replay = Replay(assistant)
        state = await replay.ask("workflows_publish", ref="echo")
        assert not await replay.answer(None, "workflows_publish", ref="echo")
        assert not await replay.answer("v1.made-up", "workflows_publish", ref="echo")
        assert not await replay.answer(state, "workflows_publish", ref="other")
        assert not await replay.answer(state, "workflows_publish", ref="echo", require_login=True, anyway=True)
        assert not await replay.answer(state, "workflows_remove", ref="echo")
        assert await replay.answer(state, "workflows_publish", ref="echo")
        again = await replay.ask("workflows_unpublish", ref="echo")
        assert await replay.answer(again, "workflows_unpublish", ref="echo")
        assert not await replay.answer(state, "workflows_publish", ref="echo")
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False
    assert sync_server.result("workflows.show", ref="other")["is_public"] is False


async def test_a_question_that_has_changed_is_asked_again(sync_server: SyncTestServer) -> None:
    """The owner agreed to delete one thread; by now there are two."""
    sync_server.add()
    sync_server.chat("echo")
    async with client(sync_server, "auto", Owner("accept")) as assistant:
        replay = Replay(assistant)
        state = await replay.ask("threads_purge", ref="echo", all=True)
        sync_server.result("workflows.unpublish", ref="echo")
        sync_server.chat("echo")
        assert not await replay.answer(state, "threads_purge", ref="echo", all=True)


def test_spent_answers_are_remembered_up_to_a_number() -> None:
    """So many that no one asks in ten minutes; the newest are kept."""
    questions = Questions()
    states = [questions.state_of("Sure?") for _ in range(10_002)]
    assert all(questions.take(each, "Sure?") for each in states)
    assert not questions.take(states[-1], "Sure?")


def test_an_answer_to_an_earlier_process_confirms_nothing() -> None:
    """Findings: what has ended stays ended. After a restart no one knows which answers were used: it is asked again."""
    earlier, later = (Questions().sealed_for("owner").codec for _ in range(2))
    sealed = earlier.seal(b"Sure?")
    assert earlier.unseal(sealed) == b"Sure?"
    with pytest.raises(InvalidRequestState):
        later.unseal(sealed)


async def test_a_call_that_is_cancelled_ends_at_once(tmp_path: Path) -> None:
    """The client goes while the server has not answered; a secret is kept even so."""
    begun, answered = threading.Event(), threading.Event()

    class Slow(Operations):
        def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            begun.set()
            answered.wait()
            return {"client_secret": "secret", "message": "Done."}

    async with connect(create_server(Slow(), secret_folder=tmp_path)) as assistant, anyio.create_task_group() as calls:
        calls.start_soon(assistant.call_tool, "show_workflow", {"ref": "echo"})
        await anyio.to_thread.run_sync(begun.wait)
        calls.cancel_scope.cancel()
    begun.clear()
    async with connect(create_server(Slow(), secret_folder=tmp_path)) as assistant, anyio.create_task_group() as calls:
        calls.start_soon(assistant.call_tool, "workflows_open_chat_session", {"ref": "echo"})
        await anyio.to_thread.run_sync(begun.wait)
        answered.set()
        calls.cancel_scope.cancel()
    assert (tmp_path / "echo-client-secret").read_text() == "secret\n"


async def test_a_call_that_takes_time_says_that_it_is_at_work(sync_server: SyncTestServer) -> None:
    """Clients give up after a minute without a word; who asked for no progress is sent none."""
    sync_server.add()
    told = anyio.Event()

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        assert message
        told.set()

    async def patient(context: Any, params: Any) -> ElicitResult:
        await told.wait()
        return ElicitResult(action="accept", content={})

    server = create_server(sync_server.operations(Channel.MCP), Offer(shows_secrets=True), progress_seconds=0.01)
    async with connect(server, mode="legacy", elicitation_callback=patient) as assistant:
        answer = await assistant.call_tool("workflows_publish", {"ref": "echo"}, progress_callback=tell)
    assert data_of(answer)["workflow"]["is_public"]
