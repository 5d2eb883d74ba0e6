"""Many visitors, two workflows: whatever they ask for in whatever order, each sees their own threads only.

Some are browsers; the others come by the publish token of an app: two of its users, and the app itself.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orcheo_adapters.wire.chatkit_requests import CHATKIT_TYPES
from tests.app_server import USER_INPUT, TestServer, build_app_server, events_of

BROWSERS, BY_APP, WORKFLOWS = range(3), {3: "user-1", 4: "user-2", 5: None}, ("echo", "other")
VISITORS = (*BROWSERS, *BY_APP)
Who = tuple[int, str]
who = st.tuples(st.sampled_from(VISITORS), st.sampled_from(WORKFLOWS))

ABOUT_A_THREAD: dict[str, dict[str, Any]] = {
    "threads.add_user_message": {"input": USER_INPUT},
    "threads.add_client_tool_output": {"result": {}},
    "threads.add_structured_input": {"item_id": "ITEM", "input": {"status": "skipped"}},
    "threads.retry_after_item": {"item_id": "ITEM"},
    "threads.custom_action": {"action": {"type": "x"}, "item_id": "ITEM"},
    "threads.sync_custom_action": {"action": {"type": "x"}, "item_id": "ITEM"},
    "threads.get_by_id": {},
    "threads.update": {"title": "mine"},
    "threads.delete": {},
    "threads.cancel": {},
    "items.list": {},
    "items.feedback": {"item_ids": ["ITEM"], "kind": "positive"},
}
"""Every request type that names a thread, with what else it needs."""


def test_no_request_type_is_left_out() -> None:
    """A new one that names a thread needs a line above."""
    naming = {name for name, params in CHATKIT_TYPES.items() if "thread_id" in params.__annotations__}
    naming |= {"threads.sync_custom_action"}  # which inherits it
    assert naming == set(ABOUT_A_THREAD)


class Visitors(RuleBasedStateMachine):
    """A model of whose threads are whose, beside a whole server."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._threads: dict[str, Who] = {}
        self._items: dict[str, str] = {}

    @initialize()
    def build(self) -> None:
        """A server with two public workflows, and a browser for each visitor."""
        self._loop.run(self._build())

    async def _build(self) -> None:
        app_server = await self._stack.enter_async_context(build_app_server())
        self._grants: dict[Who, str] = {}
        self._owner = app_server
        self._servers: list[TestServer] = []
        for number in VISITORS:
            self._servers.append(await self._stack.enter_async_context(app_server.visitor_from(f"10.0.0.{number}")))
        for workflow in WORKFLOWS:
            token = (await app_server.publish(workflow))["publish_token"]
            self._grants |= {(each, workflow): await self._servers[each].grant(workflow) for each in BROWSERS}
            await self._come_by_app(workflow, token)

    async def _come_by_app(self, workflow: str, token: str) -> None:
        for number, user in BY_APP.items():
            body = {"publish_token": token, "user": user}
            answer = await self._owner.client.post(f"/api/chat/{workflow}/session", json=body)
            self._grants[number, workflow] = answer.json()["client_secret"]

    @rule(workflow=st.sampled_from(WORKFLOWS), again=st.booleans())
    def replace_the_publish_token(self, workflow: str, again: bool) -> None:
        """Whose threads are whose does not change, nor when the workflow is closed and opened again."""
        self._loop.run(self._replace(workflow, again))

    async def _replace(self, workflow: str, again: bool) -> None:
        if again:
            await self._owner.result("workflows.unpublish", ref=workflow)
            published = await self._owner.result("workflows.publish", ref=workflow)
        else:
            published = await self._owner.result("workflows.rotate_publish_token", ref=workflow)
        await self._come_by_app(workflow, published["publish_token"])

    def _ask(self, visitor: Who, kind: str, /, **params: Any) -> Any:
        app_server = self._servers[visitor[0]]
        return self._loop.run(app_server.chatkit(self._grants[visitor], kind, **params))

    @rule(visitor=who)
    def begin_a_thread(self, visitor: Who) -> None:
        """It is the visitor's, with this workflow."""
        events = events_of(self._ask(visitor, "threads.create", input=USER_INPUT))
        thread_id = events[0]["thread"]["id"]
        assert thread_id not in self._threads
        self._threads[thread_id] = visitor
        self._items[thread_id] = events[-1]["item"]["id"]

    @rule(visitor=who, kind=st.sampled_from(sorted(ABOUT_A_THREAD)), data=st.data())
    def ask_about_a_thread(self, visitor: Who, kind: str, data: st.DataObject) -> None:
        """Someone else's thread is as unknown as none, whatever is asked."""
        thread_id = data.draw(st.sampled_from([*self._threads, "thr_none"]))
        params = {
            name: _filled(value, self._items.get(thread_id, "msg_none")) for name, value in ABOUT_A_THREAD[kind].items()
        }
        answer = self._ask(visitor, kind, thread_id=thread_id, **params)
        if self._threads.get(thread_id) != visitor:
            assert (answer.status_code, answer.json()["code"]) == (404, "thread_not_found")
        else:
            assert answer.status_code < 500 or answer.json()["code"] == "storage_unavailable", answer.text
            assert "thread_not_found" not in answer.text
            if kind == "threads.delete":
                del self._threads[thread_id]

    @rule(visitor=who, data=st.data())
    def follow_a_thread(self, visitor: Who, data: st.DataObject) -> None:
        """By the route of its own."""
        thread_id = data.draw(st.sampled_from([*self._threads, "thr_none"]))
        headers = {"authorization": f"Bearer {self._grants[visitor]}"}
        path = f"/api/chatkit/threads/{thread_id}/events"
        answer = self._loop.run(self._servers[visitor[0]].client.get(path, headers=headers))
        assert (answer.status_code == 404) is (self._threads.get(thread_id) != visitor)

    @rule(visitor=who, item_of=st.data())
    def judge_an_item_of_another_thread(self, visitor: Who, item_of: st.DataObject) -> None:
        """The thread is one's own, the item is not."""
        mine = [thread_id for thread_id, whose in self._threads.items() if whose == visitor]
        theirs = [item for thread_id, item in self._items.items() if thread_id not in mine]
        if mine and theirs:
            thread_id, item_id = mine[0], item_of.draw(st.sampled_from(theirs))
            answer = self._ask(visitor, "items.feedback", thread_id=thread_id, item_ids=[item_id], kind="positive")
            assert (answer.status_code, answer.json()["code"]) == (404, "item_not_found")

    @invariant()
    def everybody_lists_their_own(self) -> None:
        """All of them, and no other."""
        for visitor in getattr(self, "_grants", {}):
            listed = {each["id"] for each in self._ask(visitor, "threads.list").json()["data"]}
            assert listed == {thread_id for thread_id, whose in self._threads.items() if whose == visitor}

    def teardown(self) -> None:
        self._loop.run(self._stack.aclose())
        self._loop.close()


def _filled(value: Any, item_id: str) -> Any:
    if isinstance(value, list):
        return [_filled(each, item_id) for each in value]
    return item_id if value == "ITEM" else value


Visitors.TestCase.settings = settings(max_examples=8, stateful_step_count=20)
TestVisitors = Visitors.TestCase
