"""What visitors may leave behind and keep open, seen from outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.house import House, assert_problem, build_house
from tests.http.sending import Visitor


@asynccontextmanager
async def visitor_under(**limits: str) -> AsyncIterator[Visitor]:
    """A visitor of a server with these budgets, by the ends of their settings."""
    async with build_house(environment={f"ORCHEO_LIMIT_{name}": value for name, value in limits.items()}) as house:
        await house.result("workflows.add", handle="echo", runner="python", target="tests.http.sending:contents")
        await house.result("workflows.publish", ref="echo")
        yield await Visitor.of(house)


async def refusals(house: House) -> str:
    """What the audit says of refusals so far."""
    await house.orcheo.core.refusals.write()
    entries = (await house.result("audit.list", act="refused"))["audit_entries"]
    return " ".join(each["note"] for each in entries)


async def test_unsent_files_of_a_visitor_are_bounded() -> None:
    """The refusal names the limit, what gives room, and whom to ask; sending gives room; the audit counts it."""
    async with visitor_under(UNSENT_FILES_BY_VISITOR="2") as visitor:
        first = await visitor.uploaded()
        assert (await visitor.announce()).status_code == 200
        refused = await visitor.announce()
        problem = assert_problem(refused, 429, "budget_exceeded")
        assert "2 attachments that no message has yet" in problem["detail"]
        assert "Send or remove" in problem["hint"]
        assert "operator" in problem["hint"]
        assert refused.headers["retry-after"] == str(problem["retry_after"])
        await visitor.sent(first)
        assert (await visitor.announce()).status_code == 200
        assert "budget_exceeded (unsent-files-by-visitor): 1 time" in await refusals(visitor.house)


async def test_unsent_files_of_an_address_are_bounded_whoever_sends_them() -> None:
    """A second visitor does not help; another address has its own budget."""
    async with visitor_under(UNSENT_BYTES_BY_ADDRESS="20") as visitor:
        assert (await visitor.announce()).status_code == 200
        second = await Visitor.of(visitor.house)
        assert_problem(await second.post(), 429, "budget_exceeded")
        async with visitor.house.visitor_from("192.0.2.9") as elsewhere:
            third = await Visitor.of(elsewhere)
            assert (await third.post()).status_code == 200
            assert_problem(await third.announce(), 429, "budget_exceeded")


async def test_unsent_files_of_all_visitors_are_bounded() -> None:
    """What all share is another code: it is not this visitor's doing."""
    async with visitor_under(UNSENT_FILES_BY_SERVER="1") as visitor:
        assert (await visitor.announce()).status_code == 200
        second = await Visitor.of(visitor.house)
        refused = await second.announce()
        assert_problem(refused, 503, "shared_budget_exceeded")
        assert int(refused.headers["retry-after"]) > 0


async def test_a_day_later_the_budget_is_free_again() -> None:
    """Housekeeping removes what was never sent."""
    async with visitor_under(UNSENT_FILES_BY_VISITOR="1") as visitor:
        await visitor.uploaded()
        assert_problem(await visitor.announce(), 429, "budget_exceeded")
        visitor.house.clock.advance(seconds=86_401)
        await visitor.house.orcheo.core.housekeeping.remove_aged(None)
        fresh = Visitor(visitor.house, await visitor.house.grant())
        assert (await fresh.announce()).status_code == 200
