"""Owners, scopes, visitors, grants, threads and time, in any order: no border is crossed, nothing begins after an end.

A long walk: ``make soak``.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import httpx2
from attrs import define, field, frozen
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from orcheo_core.domain.actor import OWNER_SCOPES, Scope
from orcheo_core.domain.chat_session import CHAT_SESSION_LIFETIME, GRANT_LIFETIME
from orcheo_core.domain.owner_session import OWNER_SESSION_IDLE_LIFETIME, OWNER_SESSION_LIFETIME
from orcheo_core.domain.session_rules import SESSION_SECONDS
from tests.app_server import USER_INPUT, TestServer, build_app_server, events_of

OWNERS, HANDLES, BROWSERS = ("ada", "bob"), ("a", "b"), range(2)
ROLES: dict[str, frozenset[Scope]] = {
    "all": OWNER_SCOPES | {Scope.WORKFLOWS_CODE},
    "reads": frozenset({Scope.WORKFLOWS_READ, Scope.TRANSCRIPTS_READ}),
    "publishes": frozenset({Scope.WORKFLOWS_PUBLISH}),
    "chats": frozenset({Scope.CHATKIT_SESSION}),
}
OPERATOR = "operator"
MOST_DESKS = 4
STEPS = (1, 60, 299, 301, 3_600, 8 * 3_600)


@define(eq=False)
class Flow:
    """A workflow as it should be."""

    owner: str
    handle: str
    is_removed: bool = False
    is_public: bool = False
    is_archived: bool = False
    needs_login: bool = False
    publications: int = 0
    ends: int = 0
    """How often all its chats were ended."""
    tokens: dict[str, datetime | None] = field(factory=dict)
    """Its publish tokens, and when each is over."""

    def close(self, now: datetime, *, ends_chats: bool) -> None:
        """No visitor comes in any more."""
        self.publications += self.is_public
        self.is_public = self.needs_login = False
        self.end_tokens(now)
        self.ends += ends_chats

    def end_tokens(self, at: datetime) -> None:
        """All that still work end then, if not sooner."""
        self.tokens = {text: at if end is None else min(end, at) for text, end in self.tokens.items()}

    def takes(self, token: str, now: datetime) -> bool:
        """Whether this publish token lets a program in."""
        return self.knows(token, now) and not self.needs_login

    def knows(self, token: str, now: datetime) -> bool:
        """Whether this publish token works at all."""
        end = self.tokens[token]
        return not self.is_removed and (end is None or now < end)


@define(eq=False)
class Session:
    """A chat session that an app has opened and can cancel."""

    id: str
    is_cancelled: bool = False


@frozen(eq=False)
class Grant:
    """A chat grant, and what it depends on."""

    text: str
    flow: Flow
    subject: str
    publication: int
    ends: int
    session_expires: datetime
    expires: datetime
    session: Session | None = None
    """Where it was opened through OpenAI's session API."""

    def is_good(self, now: datetime) -> bool:
        """Whether one may chat with it."""
        return (
            not self.flow.is_removed
            and self.ends == self.flow.ends
            and now < min(self.expires, self.session_expires)
            and not (self.session and self.session.is_cancelled)
        )

    def is_renewed(self, now: datetime) -> bool:
        """Whether there is a new one for it."""
        flow = self.flow
        is_same = flow.is_public and not flow.needs_login and self.publication == flow.publications
        return self.is_good(now) and is_same and not self.subject.startswith("owner:")


@define(eq=False)
class Desk:
    """An owner who has signed in to Canvas, in a browser of their own."""

    who: str
    role: str
    browser: TestServer = field(repr=False)
    opened: datetime
    seen: datetime
    is_left: bool = False
    """Whether they have signed out."""

    def is_open(self, now: datetime) -> bool:
        """Whether the owner session is good."""
        limits = (self.opened + OWNER_SESSION_LIFETIME, self.seen + OWNER_SESSION_IDLE_LIFETIME)
        return not self.is_left and now < min(limits)

    def use(self, now: datetime) -> None:
        """A use is noted once a minute."""
        if now - self.seen >= timedelta(minutes=1):
            self.seen = now


class Walk(RuleBasedStateMachine):
    """A model of who may do what at this moment, beside a whole server."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.flows: list[Flow] = []
        self.grants: list[Grant] = []
        self.threads: dict[str, tuple[Flow, str]] = {}
        self.desks: list[Desk] = []

    @initialize()
    def build(self) -> None:
        """Two owners with several service tokens each, an operator, two browsers."""
        self._loop.run(self._build())

    async def _build(self) -> None:
        self.app_server = app_server = await self._stack.enter_async_context(build_app_server())
        self.tokens = {(name, role): await app_server.owner(name, *ROLES[role]) for name in OWNERS for role in ROLES}
        self.tokens[OPERATOR, "all"] = app_server.owner_token
        self.browsers: list[TestServer] = []
        for number in BROWSERS:
            self.browsers.append(await self._stack.enter_async_context(app_server.visitor_from(f"10.0.0.{number}")))

    @property
    def now(self) -> datetime:
        """The server's time."""
        return self.app_server.clock.now()

    # --- owners -----------------------------------------------------------------------------------------------------

    def _act(
        self, data: st.DataObject, name: str, scope: Scope, flow: Flow | None, conflict: str | None, **arguments: Any
    ) -> dict[str, Any] | None:
        """Ask for an operation with any service token, or in Canvas; its result, if it is to be done."""
        desk = data.draw(st.sampled_from([None, *self.desks]))
        if desk is None:
            who, role = data.draw(st.sampled_from(sorted(self.tokens)))
            answer = self._loop.run(self.app_server.operation(name, token=self.tokens[who, role], **arguments))
        else:
            who, role = desk.who, desk.role
            answer = self._loop.run(self._at(desk, f"/api/operations/{name}", arguments))
        document: dict[str, Any] = answer.json()
        if desk is not None and not desk.is_open(self.now):
            expected: str | None = "owner_session_ended"
        elif scope not in self._scopes(who, role):
            expected = "scope_missing"
        elif flow is not None and (flow.is_removed or who != flow.owner):
            expected = "workflow_not_found"
        else:
            expected = conflict
        assert document.get("code") == expected, (name, who, role, desk, document)
        if desk is not None and desk.is_open(self.now):
            desk.use(self.now)
        return None if expected else document | {"owner": who}

    @staticmethod
    def _scopes(who: str, role: str) -> frozenset[Scope]:
        return frozenset(Scope) if who == OPERATOR else ROLES[role]

    @staticmethod
    async def _at(desk: Desk, path: str, body: dict[str, Any]) -> httpx2.Response:
        """What Canvas is answered; the browser keeps a cookie that has ended."""
        return await desk.browser.client.post(path, json=body)

    @precondition(lambda self: len(self.desks) < MOST_DESKS)
    @rule(data=st.data())
    def sign_in(self, data: st.DataObject) -> None:
        """By any service token that may read."""
        who, role = data.draw(st.sampled_from(sorted(self.tokens)))
        address = f"10.0.1.{len(self.desks)}"
        opened = self._loop.run(self.app_server.operation("canvas.open", token=self.tokens[who, role]))
        if Scope.WORKFLOWS_READ not in self._scopes(who, role):
            assert opened.json()["code"] == "scope_missing"
            return
        browser = self._loop.run(self._stack.enter_async_context(self.app_server.visitor_from(address)))
        ticket = {"ticket": opened.json()["address"].partition("#ticket=")[2]}
        for status in (200, 401):  # a ticket is taken once
            answer = self._loop.run(browser.client.post("/api/canvas/session", json=ticket))
            assert answer.status_code == status, answer.text
        self.desks.append(Desk(who=who, role=role, browser=browser, opened=self.now, seen=self.now))

    @precondition(lambda self: self.desks)
    @rule(data=st.data())
    def sign_out(self, data: st.DataObject) -> None:
        """For good: a copy of the cookie opens nothing."""
        desk = data.draw(st.sampled_from(self.desks))
        secret = desk.browser.client.cookies["orcheo_owner"]
        headers = {"content-type": "application/json"}
        answer = self._loop.run(desk.browser.client.delete("/api/canvas/session", headers=headers))
        assert answer.status_code == (204 if desk.is_open(self.now) else 401), answer.text
        if answer.status_code == 204:
            desk.is_left = True
            desk.browser.client.cookies["orcheo_owner"] = secret

    @precondition(lambda self: self.desks and self._has_flow())
    @rule(data=st.data())
    def try_in_canvas(self, data: st.DataObject) -> None:
        """An owner's own workflow alone, with the scope for it."""
        desk, flow = data.draw(st.sampled_from(self.desks)), self._flow(data)
        answer = self._loop.run(self._at(desk, f"/api/workflows/{flow.handle}/chatkit/session", {}))
        if not desk.is_open(self.now):
            assert answer.json()["code"] == "owner_session_ended"
            return
        desk.use(self.now)
        if Scope.CHATKIT_SESSION not in self._scopes(desk.who, desk.role):
            assert answer.json()["code"] == "scope_missing"
        elif desk.who != flow.owner:
            assert answer.json()["code"] == "workflow_not_found"
        else:
            assert answer.status_code == 200, answer.text

    @rule(data=st.data(), handle=st.sampled_from(HANDLES))
    def add(self, data: st.DataObject, handle: str) -> None:
        """A handle is free again after a removal."""
        conflict = "handle_taken" if any(each.handle == handle and not each.is_removed for each in self.flows) else None
        given = {"handle": handle, "runner": "python", "target": "tests.workflows:echo"}
        added = self._act(data, "workflows.add", Scope.WORKFLOWS_WRITE, None, conflict, **given)
        if added:
            self.flows.append(Flow(owner=added["owner"], handle=handle))

    def _flow(self, data: st.DataObject) -> Flow:
        """One that is there."""
        return data.draw(st.sampled_from([each for each in self.flows if not each.is_removed]))

    def _has_flow(self) -> bool:
        return any(not each.is_removed for each in self.flows)

    @precondition(_has_flow)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        """With a new publish token."""
        flow = self._flow(data)
        conflict = "workflow_archived" if flow.is_archived else "already_published" if flow.is_public else None
        done = self._act(data, "workflows.publish", Scope.WORKFLOWS_PUBLISH, flow, conflict, ref=flow.handle)
        if done:
            flow.is_public, flow.publications = True, flow.publications + 1
            flow.tokens[done["publish_token"]] = None

    @precondition(_has_flow)
    @rule(data=st.data(), grace=st.sampled_from([0, 600]))
    def rotate(self, data: st.DataObject, grace: int) -> None:
        """The one before ends, at once or later."""
        flow = self._flow(data)
        conflict = None if flow.is_public else "not_published"
        name, given = "workflows.rotate_publish_token", {"ref": flow.handle, "grace_seconds": grace}
        done = self._act(data, name, Scope.WORKFLOWS_PUBLISH, flow, conflict, **given)
        if done:
            flow.end_tokens(self.now + timedelta(seconds=grace))
            flow.tokens[done["publish_token"]] = None

    @precondition(_has_flow)
    @rule(data=st.data(), end_sessions=st.booleans())
    def unpublish(self, data: st.DataObject, end_sessions: bool) -> None:
        """With all chats, or so that they run out."""
        flow = self._flow(data)
        conflict = None if flow.is_public or end_sessions else "not_published"
        given = {"ref": flow.handle, "end_sessions": end_sessions}
        if self._act(data, "workflows.unpublish", Scope.WORKFLOWS_PUBLISH, flow, conflict, **given):
            flow.close(self.now, ends_chats=end_sessions)

    @precondition(_has_flow)
    @rule(data=st.data(), login=st.booleans())
    def set_login(self, data: st.DataObject, login: bool) -> None:
        """No visitor can sign in here, so none comes in while it is required."""
        flow = self._flow(data)
        given = {"ref": flow.handle, "require_login": login, "anyway": login}
        conflict = None if flow.is_public else "not_published"
        if self._act(data, "workflows.set_login", Scope.WORKFLOWS_PUBLISH, flow, conflict, **given):
            flow.needs_login = login

    @precondition(_has_flow)
    @rule(data=st.data(), back=st.booleans())
    def archive(self, data: st.DataObject, back: bool) -> None:
        """Closed, with all chats; brought back it is still closed."""
        flow = self._flow(data)
        wrong = "not_archived" if back else "already_archived"
        name, conflict = f"workflows.{'un' * back}archive", None if flow.is_archived is back else wrong
        if self._act(data, name, Scope.WORKFLOWS_PUBLISH, flow, conflict, ref=flow.handle):
            flow.is_archived = not back
            if not back:
                flow.close(self.now, ends_chats=True)

    @precondition(_has_flow)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """With all that belongs to it."""
        flow = self._flow(data)
        if self._act(data, "workflows.remove", Scope.WORKFLOWS_WRITE, flow, None, ref=flow.handle):
            flow.is_removed = True

    @precondition(lambda self: self.threads)
    @rule(data=st.data())
    def read_a_transcript(self, data: st.DataObject) -> None:
        """The workflow's owner may, and an operator."""
        thread_id = data.draw(st.sampled_from(sorted(self.threads)))
        flow, _ = self.threads[thread_id]
        who, role = data.draw(st.sampled_from(sorted(self.tokens)))
        answer = self._loop.run(self.app_server.operation("threads.show", token=self.tokens[who, role], id=thread_id))
        if who != OPERATOR and Scope.TRANSCRIPTS_READ not in ROLES[role]:
            assert answer.json()["code"] == "scope_missing"
        elif flow.is_removed or who not in {OPERATOR, flow.owner}:
            assert answer.json()["code"] == "thread_not_found"
        else:
            assert answer.status_code == 200, answer.text

    # --- visitors ---------------------------------------------------------------------------------------------------

    def _keep(self, text: str, flow: Flow, subject: str, lifetime: timedelta = CHAT_SESSION_LIFETIME) -> None:
        expires = self.now + GRANT_LIFETIME
        session: dict[str, Any] = {
            "publication": flow.publications,
            "ends": flow.ends,
            "session_expires": self.now + lifetime,
        }
        self.grants.append(Grant(text=text, flow=flow, subject=subject, expires=expires, **session))

    @precondition(lambda self: self.flows)
    @rule(data=st.data(), browser=st.sampled_from(BROWSERS))
    def enter_by_link(self, data: st.DataObject, browser: int) -> None:
        """Whoever has the link of a public workflow."""
        flow = self._flow(data) if self._has_flow() else self.flows[0]
        answer = self._loop.run(self.browsers[browser].client.post(f"/api/chat/{flow.handle}/session", json={}))
        if flow.is_removed or not flow.is_public:
            assert answer.json()["code"] == "chat_unavailable"
        elif flow.needs_login:
            assert answer.json()["code"] == "login_required"
        else:
            self._keep(answer.json()["client_secret"], flow, f"anon:{browser}")

    def _token(self, data: st.DataObject) -> tuple[Flow, str]:
        return data.draw(st.sampled_from([(flow, token) for flow in self.flows for token in flow.tokens]))

    def _has_token(self) -> bool:
        return any(flow.tokens for flow in self.flows)

    @precondition(_has_token)
    @rule(data=st.data())
    def enter_by_token(self, data: st.DataObject) -> None:
        """A program, while its publish token works."""
        flow, token = self._token(data)
        body = {"publish_token": token}
        answer = self._loop.run(self.app_server.client.post(f"/api/chat/{flow.handle}/session", json=body))
        assert (answer.status_code == 200) is flow.takes(token, self.now), answer.text
        if answer.status_code == 200:
            self._keep(answer.json()["client_secret"], flow, f"program:{id(flow)}")

    def _app(self, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What OpenAI's session API answers the holder of a publish token."""
        headers = {"authorization": f"Bearer {token}"}
        return self._loop.run(self.app_server.client.request(method, f"/v1/chatkit/{path}", json=body, headers=headers))

    @precondition(_has_token)
    @rule(data=st.data(), user=st.sampled_from(("u", "v")))
    def enter_by_session_api(self, data: st.DataObject, user: str) -> None:
        """A user of an app, for ten minutes."""
        flow, token = self._token(data)
        body = {"user": user, "workflow": {"id": flow.handle}, "rate_limits": {"max_requests_per_1_minute": 10**6}}
        answer = self._app(token, "POST", "sessions", body)
        assert (answer.status_code == 200) is flow.takes(token, self.now), answer.text
        if answer.status_code == 200:
            until = self.now + timedelta(seconds=SESSION_SECONDS)
            session = Session(id=answer.json()["id"])
            grant = Grant(
                text=answer.json()["client_secret"],
                flow=flow,
                subject=f"app:{id(flow)}:{user}",
                publication=flow.publications,
                ends=flow.ends,
                session_expires=until,
                expires=until,
                session=session,
            )
            self.grants.append(grant)

    @precondition(lambda self: self._has_token() and any(each.session for each in self.grants))
    @rule(data=st.data())
    def cancel_a_session(self, data: st.DataObject) -> None:
        """By the app that opened it, whichever publish token it has by now."""
        flow, token = self._token(data)
        grant = data.draw(st.sampled_from([each for each in self.grants if each.session]))
        assert grant.session is not None
        answer = self._app(token, "POST", f"sessions/{grant.session.id}/cancel")
        if not flow.knows(token, self.now):
            assert answer.status_code == 401, answer.text
        elif flow is not grant.flow:
            assert answer.status_code == 404, answer.text
        else:
            assert answer.status_code == 200, answer.text
            status = answer.json()["status"]
            is_ended = grant.session.is_cancelled or self.now < grant.session_expires
            assert status == "cancelled" if is_ended else status == "expired" or grant.ends != flow.ends
            grant.session.is_cancelled |= status == "cancelled"

    @precondition(lambda self: self._has_token() and self.threads)
    @rule(data=st.data(), part=st.sampled_from(("", "/items")))
    def read_as_an_app(self, data: st.DataObject, part: str) -> None:
        """Threads of its own users alone."""
        flow, token = self._token(data)
        thread_id = data.draw(st.sampled_from(sorted(self.threads)))
        answer = self._app(token, "GET", f"threads/{thread_id}{part}")
        whose, subject = self.threads[thread_id]
        is_theirs = whose is flow and subject.startswith("app:")
        expected = (200 if is_theirs else 404) if flow.knows(token, self.now) else 401
        assert answer.status_code == expected, answer.text

    @precondition(_has_flow)
    @rule(data=st.data())
    def enter_as_owner(self, data: st.DataObject) -> None:
        """Public or not, for five minutes."""
        flow = self._flow(data)
        opened = self._act(data, "workflows.open_chat_session", Scope.CHATKIT_SESSION, flow, None, ref=flow.handle)
        if opened:
            self._keep(opened["client_secret"], flow, f"owner:{opened['owner']}", GRANT_LIFETIME)

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """While the publication lasts under which the chat session was opened."""
        grant = data.draw(st.sampled_from(self.grants))
        headers = {"authorization": f"Bearer {grant.text}"}
        path = f"/api/chat/{grant.flow.handle}/session"
        answer = self._loop.run(self.app_server.client.post(path, json={}, headers=headers))
        assert (answer.status_code == 200) is grant.is_renewed(self.now), answer.text
        if answer.status_code == 200:
            expires = grant.session_expires if grant.session else min(self.now + GRANT_LIFETIME, grant.session_expires)
            session: dict[str, Any] = {
                "session": grant.session,
                "publication": grant.publication,
                "ends": grant.ends,
                "session_expires": grant.session_expires,
            }
            text = answer.json()["client_secret"]
            self.grants.append(Grant(text=text, flow=grant.flow, subject=grant.subject, expires=expires, **session))

    @precondition(lambda self: self.grants)
    @rule(data=st.data())
    def chat(self, data: st.DataObject) -> None:
        """In a new thread, or in any that there is."""
        grant = data.draw(st.sampled_from(self.grants))
        self._say(data, grant.text, grant.flow, grant.subject, may=grant.is_good(self.now))

    @precondition(_has_token)
    @rule(data=st.data())
    def chat_with_a_token(self, data: st.DataObject) -> None:
        """Without a chat session."""
        flow, token = self._token(data)
        self._say(data, token, flow, f"program:{id(flow)}", may=flow.takes(token, self.now))

    def _say(self, data: st.DataObject, credential: str, flow: Flow, subject: str, *, may: bool) -> None:
        thread_id = data.draw(st.sampled_from([None, *sorted(self.threads)]))
        kind = "threads.create" if thread_id is None else data.draw(st.sampled_from(IN_A_THREAD))
        params: dict[str, Any] = {} if thread_id is None else {"thread_id": thread_id}
        if kind != "threads.get_by_id":
            params["input"] = USER_INPUT
        answer = self._loop.run(self.app_server.chatkit(credential, kind, **params))
        if not may:
            assert answer.status_code == 401, answer.text
        elif thread_id is None:
            assert answer.status_code == 200, answer.text
            self.threads[events_of(answer)[0]["thread"]["id"]] = flow, subject
        else:
            is_own = self.threads[thread_id] == (flow, subject)
            assert answer.status_code == (200 if is_own else 404), answer.text

    # --- time -------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from(STEPS))
    def wait(self, seconds: int) -> None:
        """Grants, grace periods and chat sessions run out."""
        self.app_server.clock.advance(seconds=seconds)

    def teardown(self) -> None:
        self._loop.run(self._stack.aclose())
        self._loop.close()


IN_A_THREAD = ("threads.add_user_message", "threads.get_by_id")

Walk.TestCase.settings = settings(max_examples=int(os.environ.get("ORCHEO_WALKS", "12")), stateful_step_count=40)
TestWalk = Walk.TestCase
