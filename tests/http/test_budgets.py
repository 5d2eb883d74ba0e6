"""What visitors may leave behind and keep open, seen from outside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from orcheo_adapters.memory.store import MemoryStore
from orcheo_adapters.settings.server import ServerSettings
from orcheo_core.domain.budget import BUDGETS, MIB, Per
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.unit_of_work import Store
from tests.app_server import TestServer, assert_problem, build_app_server
from tests.http.sending import Visitor


class GrowingStore(MemoryStore):
    """Takes as much room as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = 0
        self.of_each: dict[Per, int] = {}

    def kept_bytes(self, per: Per = Per.SERVER, key: str = "") -> int:
        assert bool(key) is (per is not Per.SERVER)
        return self.of_each.get(per, self.grown if per is Per.SERVER else 0)


@asynccontextmanager
async def visitor_under(store: Store | None = None, /, **limits: str) -> AsyncIterator[Visitor]:
    """A visitor of a server with these budgets, by the ends of their settings."""
    async with build_app_server(
        store, environment={f"ORCHEO_LIMIT_{name}": value for name, value in limits.items()}
    ) as app_server:
        await app_server.result("workflows.add", handle="echo", runner="python", target="tests.http.sending:contents")
        await app_server.result("workflows.publish", ref="echo")
        yield await Visitor.of(app_server)


async def refusals(app_server: TestServer) -> str:
    """What the audit says of refusals so far."""
    await app_server.orcheo.core.tally.write()
    entries = (await app_server.result("audit.list", act="refused"))["audit_entries"]
    return " ".join(each["note"] for each in entries)


async def test_unsent_files_of_a_visitor_are_bounded() -> None:
    """The refusal names the limit, what gives room, and whom to ask; sending gives room; the audit counts it.

    Findings: what strangers leave behind is bounded.
    """
    async with visitor_under(UNSENT_FILES_BY_VISITOR="2") as visitor:
        first = await visitor.uploaded()
        assert (await visitor.announce()).status_code == 200
        refused = await visitor.announce()
        problem = assert_problem(refused, 429, "budget_exceeded")
        assert "2 attachments that no message has yet" in problem["detail"]
        assert "Send or remove" in problem["hint"]
        assert "operator" in problem["hint"]
        assert refused.headers["retry-after"] == str(problem["retry_after"])
        assert problem["policy"] == "unsent-files-by-visitor"
        await visitor.sent(first)
        assert (await visitor.announce()).status_code == 200
        assert "budget_exceeded (unsent-files-by-visitor): 1 time" in await refusals(visitor.app_server)


async def test_what_a_visitor_sends_is_bounded_too() -> None:
    """Sending gives no room in the budget of all files; deleting the conversation does.

    Findings: what strangers leave behind is bounded.
    """
    async with visitor_under(KEPT_BYTES_BY_VISITOR="20") as visitor:
        thread_id, _, _ = await visitor.sent(await visitor.uploaded())
        problem = assert_problem(await visitor.announce(), 429, "budget_exceeded")
        assert "20 bytes of attachments, in messages or not," in problem["detail"]
        assert "Delete conversations" in problem["hint"]
        assert "kept-bytes-by-visitor" in problem["hint"]
        await visitor.ask("threads.delete", thread_id=thread_id)
        assert (await visitor.announce()).status_code == 200


async def test_unsent_files_of_an_address_are_bounded_whoever_sends_them() -> None:
    """A second visitor does not help; another address has its own budget."""
    async with visitor_under(UNSENT_BYTES_BY_ADDRESS="20") as visitor:
        assert (await visitor.announce()).status_code == 200
        second = await Visitor.of(visitor.app_server)
        assert_problem(await second.post(), 429, "budget_exceeded")
        async with visitor.app_server.visitor_from("192.0.2.9") as elsewhere:
            third = await Visitor.of(elsewhere)
            assert (await third.post()).status_code == 200
            assert_problem(await third.announce(), 429, "budget_exceeded")


async def test_unsent_files_of_all_visitors_are_bounded() -> None:
    """What all share is another code: it is not this visitor's doing."""
    async with visitor_under(UNSENT_FILES_BY_SERVER="1") as visitor:
        assert (await visitor.announce()).status_code == 200
        second = await Visitor.of(visitor.app_server)
        refused = await second.announce()
        assert_problem(refused, 503, "shared_budget_exceeded")
        assert int(refused.headers["retry-after"]) > 0


async def test_a_database_that_is_full_takes_no_more_turns() -> None:
    """The refusal names the limit, what gives room, and whom to ask; what is there can be read and deleted.

    Findings: what strangers leave behind is bounded.
    """
    store = GrowingStore()
    async with visitor_under(store) as visitor:
        attachment_id = await visitor.uploaded()
        thread_id, _, _ = await visitor.sent(attachment_id)
        store.grown = 4_000 * MIB
        refused = await visitor.send(attachment_id, thread_id=thread_id)
        problem = assert_problem(refused, 503, "shared_budget_exceeded")
        assert "4000 MiB of messages and answers in the database" in problem["detail"]
        assert "Delete conversations" in problem["hint"]
        assert "operator" in problem["hint"]
        assert problem["policy"] == "database-bytes-by-server"
        assert (await visitor.ask("threads.get_by_id", thread_id=thread_id)).json()["id"] == thread_id
        await visitor.ask("threads.delete", thread_id=thread_id)


@pytest.mark.parametrize(
    ("per", "limit", "status", "code"),
    [
        (Per.VISITOR, 500, 429, "budget_exceeded"),
        (Per.WORKFLOW, 3_000, 503, "shared_budget_exceeded"),
    ],
)
async def test_no_one_takes_all_of_the_room_for_messages(per: Per, limit: int, status: int, code: str) -> None:
    """Neither one visitor nor one workflow: others write on."""
    store = GrowingStore()
    async with visitor_under(store) as visitor:
        store.grown, store.of_each = 3_500 * MIB, {per: limit * MIB - 1}
        attachment_id = await visitor.uploaded()
        thread_id, _, _ = await visitor.sent(attachment_id)
        store.of_each = {per: limit * MIB}
        problem = assert_problem(await visitor.send(attachment_id, thread_id=thread_id), status, code)
        assert f"{limit} MiB of messages and answers in the database" in problem["detail"]
        assert problem["policy"] == f"database-bytes-by-{per}"


async def test_a_program_has_more_room_than_a_visitor() -> None:
    """It may chat for many."""
    store = GrowingStore()
    async with visitor_under(store) as visitor:
        app_server = visitor.app_server
        token = (await app_server.result("workflows.rotate_publish_token", ref="echo"))["publish_token"]
        program = Visitor(app_server, token)
        store.grown, store.of_each = 3_500 * MIB, {Per.VISITOR: 1_000 * MIB, Per.PROGRAM: 1_000 * MIB - 1}
        await program.sent(await program.uploaded())
        store.of_each = {Per.PROGRAM: 1_000 * MIB}
        problem = assert_problem(await program.send(), 429, "budget_exceeded")
        assert problem["policy"] == "database-bytes-by-program"


async def test_a_day_later_the_budget_is_free_again() -> None:
    """Housekeeping removes what was never sent."""
    async with visitor_under(UNSENT_FILES_BY_VISITOR="1") as visitor:
        await visitor.uploaded()
        assert_problem(await visitor.announce(), 429, "budget_exceeded")
        visitor.app_server.clock.advance(seconds=86_401)
        await visitor.app_server.orcheo.core.housekeeping.remove_aged(None)
        fresh = Visitor(visitor.app_server, await visitor.app_server.grant())
        assert (await fresh.announce()).status_code == 200


@pytest.mark.parametrize("name", ["UNSENT_FILES_BY_VISITOR", "UNSENT_FILES_BY_ADDRESS", "UNSENT_FILES_BY_SERVER"])
async def test_a_crowd_of_announcements_gets_exactly_what_is_allowed(name: str) -> None:
    """However they come together."""
    async with visitor_under(**{name: "3"}) as visitor:
        answers = await asyncio.gather(*(visitor.announce() for _ in range(20)))
        assert sorted({each.status_code for each in answers} - {429, 503}) == [200]
        assert sum(each.status_code == 200 for each in answers) == 3


@pytest.mark.parametrize("text", ["0", "-1", "1e9", "١", "ten", "0 MiB", "1.5", "99999999999999999999"])
def test_an_amount_that_is_none_stops_the_server_at_its_start(text: str) -> None:
    """The error names the setting, for each of them."""
    for budget in BUDGETS:
        with pytest.raises(InvalidInput) as caught:
            ServerSettings.load(environment={"ORCHEO_DATA_DIR": "unused", budget.setting: text})
        assert budget.setting in str(caught.value.fields)
