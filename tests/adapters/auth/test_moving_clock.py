"""Whatever is done to the clock: nothing that was ended lives again, and no visitor becomes another one."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orcheo_adapters.auth.login_cookie import LoginCookies
from orcheo_adapters.auth.login_state import LoginStates
from orcheo_adapters.auth.visitor_cookie import VisitorCookies
from orcheo_adapters.memory.store import MemoryStore
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.login import EndedLogins
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import OrcheoError
from tests import samples
from tests.conformance.keeping import keep
from tests.core.harness import ADA, CoreHarness, build_hall
from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.grants import FakeGrants
from tests.fakes.identity import ISSUER, login

KEYS = (b"2" * 32,)
JUMPS = st.sampled_from([timedelta(**{unit: sign * 1}) for unit in ("hours", "days") for sign in (1, -1)])
STEPS = st.sampled_from([timedelta(seconds=20), timedelta(minutes=20), timedelta(hours=9)])


class MovingClock(RuleBasedStateMachine):
    """Logins, login attempts, publish tokens and service tokens are begun and ended while the clock is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store, self.clock, self.entropy = MemoryStore(), FakeClock(), FakeEntropy()
        self.grants = FakeGrants()
        self.ended: dict[str, Callable[[], Coroutine[Any, Any, bool]]] = {}
        """What was ended, with a look at whether it works."""
        self.logins: dict[str, str] = {}
        self.states: list[tuple[str, str]] = []
        self.visitors: dict[str, str] = {}
        self.threads: list[str] = []
        self.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do it, then let nothing be left running."""
        return self.loop.run_until_complete(work)

    def start(self) -> None:
        """A process begins, over what is kept."""
        store, clock, entropy = self.store, self.clock, self.entropy
        self.harness: CoreHarness = build_hall(store=store, clock=clock, entropy=entropy, grants=self.grants)
        self.identifiers = self.harness.core.identifiers
        self.run(self.identifiers.begin_after(store))
        self.cookies = LoginCookies(KEYS, issuers=[ISSUER], clock=clock, store=store, identifiers=self.identifiers)
        self.login_states = LoginStates(KEYS, clock=clock, entropy=entropy, identifiers=self.identifiers, store=store)
        self.visitor_cookies = VisitorCookies(KEYS, clock=clock)
        for spent in (self.cookies.ended, self.login_states.finished):
            self.run(spent.load())

    def teardown(self) -> None:
        self.loop.close()

    @initialize()
    def publish(self) -> None:
        """A workflow is open, a visitor has a thread, an owner has a service token."""
        self.token = self.run(self.harness.publish())
        visit = self.run(self.harness.core.admitting.visit_by_publish_token(self.token))
        self.threads.append(self.run(self.harness.answered(visit)).thread_id)

    # --- time -------------------------------------------------------------------------------------------------------

    @rule(by=JUMPS)
    def jump(self, by: timedelta) -> None:
        """The clock is set."""
        self.clock.set_off(by)

    @rule(by=STEPS)
    def go(self, by: timedelta) -> None:
        """Time goes by."""
        self.clock.advance(by)

    @rule()
    def keep_house(self) -> None:
        """What is too old is removed, threads after 30 days."""
        self.run(self.cookies.ended.tidy())
        self.run(self.login_states.finished.tidy())
        self.run(self.harness.core.housekeeping.remove_aged(timedelta(days=30)))

    @rule()
    def restart(self) -> None:
        """The process ends, another one begins."""
        self.start()

    # --- begin ------------------------------------------------------------------------------------------------------

    @rule()
    def sign_in(self) -> None:
        """A login begins, and the audit keeps it, as signing in does."""
        begun = evolve(login(at=self.clock.now()), id=self.identifiers.new(IdKind.LOGIN))
        self.run(keep(self.store, samples.audit_entry(id=self.identifiers.new(IdKind.AUDIT_ENTRY))))
        self.logins[begun.id] = self.cookies.issue(begun)

    @rule()
    def set_out(self) -> None:
        """A browser goes to the identity provider."""
        browser = self.login_states.browser(None)
        self.states.append((self.login_states.begin(provider="p", return_path="", browser=browser).state, browser))

    @rule()
    def meet(self) -> None:
        """A visitor comes without a cookie."""
        visitor_id = self.identifiers.new(IdKind.VISITOR)
        self.visitors[self.visitor_cookies.issue(visitor_id)] = visitor_id

    # --- end --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.logins)
    @rule(everywhere=st.booleans())
    def sign_out(self, everywhere: bool) -> None:
        """One login is ended by its visitor, or all by the provider."""
        if everywhere:
            sub = login(at=self.clock.now()).identity.sub
            self.run(self.cookies.end_all(EndedLogins(issuer=ISSUER, sub=sub)))
            ended, self.logins = self.logins, {}
        else:
            name, value = self.logins.popitem()
            found = self.cookies.read(value)
            if found is None:
                return
            self.run(self.cookies.end(found))
            ended = {name: value}
        for name, value in ended.items():

            async def works(value: str = value) -> bool:
                return self.cookies.read(value) is not None

            self.ended[f"login {name}"] = works

    @precondition(lambda self: self.states)
    @rule()
    def come_back(self) -> None:
        """A login attempt is finished."""
        state, browser = self.states.pop()
        try:
            self.run(self.login_states.finish(state, browser=browser))
        except OrcheoError:
            return

        async def works() -> bool:
            return await self._finishes(state, browser)

        self.ended[f"state {state}"] = works

    async def _finishes(self, state: str, browser: str) -> bool:
        try:
            self.login_states.peek(state, browser=browser)
            return await self.login_states.finish(state, browser=browser) is not None
        except OrcheoError:
            return False

    @rule(is_closed=st.booleans())
    def replace_publish_token(self, is_closed: bool) -> None:
        """The owner rotates it, or closes the chat and opens it again."""
        former, publishing = self.token, self.harness.core.publishing
        if is_closed:
            self.run(publishing.unpublish(ADA, "echo"))
            self.token = self.run(publishing.publish(ADA, "echo")).publish_token
        else:
            self.token = self.run(publishing.rotate(ADA, "echo")).publish_token

        async def works() -> bool:
            try:
                await self.harness.core.admitting.visit_by_publish_token(former)
            except OrcheoError:
                return False
            return True

        self.ended[f"token {former[: len(PUBLISH_TOKEN_PREFIX) + 11]}"] = works

    @rule(ends_all=st.booleans())
    def close_the_chat(self, ends_all: bool) -> None:
        """A visitor comes in by the share link; the owner closes the chat, with or without their chat session."""
        core = self.harness.core
        grant = self.run(core.admitting.by_link("echo", Subject("anon:vis_1"))).text
        self.run(core.publishing.unpublish(ADA, "echo", end_sessions=ends_all))
        self.token = self.run(core.publishing.publish(ADA, "echo")).publish_token

        async def works() -> bool:
            try:
                await self.harness.core.admitting.renew("echo", grant)
            except OrcheoError:
                return False
            return True

        async def answers() -> bool:
            try:
                await self.harness.core.admitting.visit_by_grant(grant)
            except OrcheoError:
                return False
            return True

        self.ended[f"renewal of {grant}"] = works
        if ends_all:
            self.ended[f"chat session of {grant}"] = answers

    @rule()
    def revoke_service_token(self) -> None:
        """One is issued and revoked at once."""
        access = self.harness.core.owner_access
        text = self.run(access.issue(ADA, owner=ADA.actor, scopes=ADA.scopes))
        public_id = self.run(access.check(text)).public_id
        self.run(access.revoke(ADA, public_id))

        async def works() -> bool:
            try:
                await self.harness.core.owner_access.check(text)
            except OrcheoError:
                return False
            return True

        self.ended[f"service token {public_id}"] = works

    @rule()
    def sign_in_from_the_beginning(self) -> None:
        """Possible at any time, whatever the clock has done before."""
        browser = self.login_states.browser(None)
        state = self.login_states.begin(provider="p", return_path="", browser=browser).state
        assert self.run(self._finishes(state, browser))
        begun = evolve(login(at=self.clock.now()), id=self.identifiers.new(IdKind.LOGIN))
        assert self.cookies.read(self.cookies.issue(begun)) is not None

    # --- what holds -------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_that_was_ended_works(self) -> None:
        assert [name for name, works in self.ended.items() if self.run(works())] == []

    @invariant()
    def visitors_are_who_they_were(self) -> None:
        assert {value: self.visitor_cookies.read(value) for value in self.visitors} == self.visitors

    @invariant()
    def threads_are_there(self) -> None:
        found = [self.run(self.harness.store.begin().threads.find(each)) for each in self.threads]
        assert None not in found

    @invariant()
    def what_comes_next_sorts_behind(self) -> None:
        newest = self.run(self.harness.store.newest_ids())
        assert all(self.identifiers.new(IdKind.ITEM)[4:] > each.partition("_")[2] for each in newest)


TestMovingClock = MovingClock.TestCase
TestMovingClock.settings = settings(max_examples=50, stateful_step_count=30)
