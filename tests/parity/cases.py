"""Requests that every door is asked alike."""

from typing import Any

from attrs import frozen

from orcheo_core.domain.actor import Scope

Step = tuple[str, dict[str, Any]]

_ECHO = {"handle": "echo", "runner": "python", "target": "tests.workflows:echo"}
ADD: Step = ("workflows.add", _ECHO)
ADD_OTHER: Step = ("workflows.add", {**_ECHO, "handle": "other"})
ADD_SILENT: Step = ("workflows.add", {**_ECHO, "handle": "silent", "target": "tests.workflows:silent"})
CREATE_TOKEN: Step = ("tokens.create", {"scopes": ["workflows:read"], "label": "CI", "expires_in_days": 30})
TOKEN_ID = "FLfKP0ODpuo"
"""The id of the service token that is created first; chance is the same in each server."""
ROTATE_TOKEN: Step = ("tokens.rotate", {"id": TOKEN_ID, "grace_seconds": 60})
REVOKE_TOKEN: Step = ("tokens.revoke", {"id": TOKEN_ID})
CHAT: Step = ("chat", {"ref": "echo"})
"""No operation: the workflow is published, and a program says something to it."""
THREAD_ID = "thr_8DpdtnUmrgIvGBX2miyS3ykcNo"
"""The id of the thread that begins so."""
ASK: Step = ("workflows.ask", {"ref": "echo", "text": "Hello"})
ASKED_ID = "thr_8DpdtnUmsUmv99Zp42ItF0FMKi"
"""The id of the thread in which that is asked."""
ARCHIVE: Step = ("workflows.archive", {"ref": "echo"})
UNARCHIVE: Step = ("workflows.unarchive", {"ref": "echo"})
PUBLISH: Step = ("workflows.publish", {"ref": "echo"})
LOOK: Step = (
    "workflows.set_look",
    {
        "ref": "echo",
        "greeting": "مرحبا",
        "prompts": {"Hours": "When are you open?"},
        "icons": {"Hours": "clock", "search": "globe"},
        "placeholder": "Ask",
        "disclaimer": "May be wrong.",
        "accent": "#0A7F5A",
        "scheme": "dark",
        "contact": "ada@example.org",
        "models": {"fast": "Fast", "a/b:free": "Free"},
        "tools": {"search": "Search"},
    },
)
SITES: Step = ("workflows.edit", {"ref": "echo", "allowed_origins": ["https://a.example"]})
IDENTIFY: Step = ("workflows.rotate_identity_secret", {"ref": "echo"})
ROTATE: Step = ("workflows.rotate_publish_token", {"ref": "echo", "grace_seconds": 60})


@frozen(kw_only=True)
class Case:
    """A request on a server where some steps were taken before."""

    operation: str
    arguments: dict[str, Any]
    before: tuple[Step, ...] = ()
    error: str | None = None
    """The code that is expected; None for a request that succeeds."""
    typed: bool = True
    """Whether a command line can say it: options have types and names of their own."""

    @property
    def loose(self) -> bool:
        """Whether assistants may say it: an argument of a client's own, and settings that are no text."""
        return "wings" in self.arguments or self.arguments.get("settings") == {"a": 1}

    @property
    def label(self) -> str:
        """For the name of the test."""
        said = ",".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.operation}-{self.error or 'done'}-{said}"


def _done(step: Step, *before: Step) -> Case:
    return Case(operation=step[0], arguments=step[1], before=before)


def _wrong(error: str, step: Step, *before: Step) -> Case:
    return Case(operation=step[0], arguments=step[1], before=before, error=error)


def _untyped(step: Step) -> Case:
    return Case(operation=step[0], arguments=step[1], before=(ADD,), error="invalid_input", typed=False)


_DONE = (
    _done(ADD),
    _done(("workflows.add", {**_ECHO, "name": "Écho 見本", "description": "one\ntwo"})),
    _done(("workflows.add", {**_ECHO, "runner": "openai", "target": "https://m.org/v1", "settings": {"model": "b=c"}})),
    _wrong("invalid_input", ("workflows.add", {**_ECHO, "settings": {"a": "b=c"}})),
    _done(("workflows.add", {**_ECHO, "check": True})),
    _done(("workflows.check", {"ref": "echo"}), ADD),
    _done(("workflows.list", {})),
    _done(("workflows.list", {"limit": 1}), ADD, ADD_OTHER),
    _done(("workflows.list", {"public": True, "all": True}), ADD, ADD_OTHER, PUBLISH),
    _done(("workflows.list", {"public": False, "search": "other", "include_archived": True}), ADD_OTHER, ADD, ARCHIVE),
    _done(ARCHIVE, ADD, PUBLISH),
    _done(UNARCHIVE, ADD, ARCHIVE),
    _done(("workflows.show", {"ref": "echo"}), ADD),
    _done(("workflows.show", {"ref": "echo"}), ADD, PUBLISH, ROTATE),
    _done(("workflows.show", {"ref": "echo", "days": 2}), ADD, CHAT),
    _done(("workflows.list", {"days": 3}), ADD, CHAT, ADD_OTHER),
    _done(("workflows.edit", {"ref": "echo", "handle": "parrot", "name": "Parrot", "description": ""}), ADD),
    _done(("workflows.edit", {"ref": "echo", "time_limit": 60, "history": 0, "check": True}), ADD),
    _done(("workflows.edit", {"ref": "echo", "reset": ["time_limit", "history"]}), ADD),
    _done(("workflows.edit", {"ref": "echo", "allowed_origins": ["https://A.example/", "http://localhost:3000"]}), ADD),
    _done(("workflows.edit", {"ref": "echo", "reset": ["allowed_origins"]}), ADD),
    Case(
        operation="workflows.edit",
        arguments={"ref": "echo", "name": "Parrot", "allowed_origins": []},
        before=(ADD, SITES),
        typed=False,
    ),
    _done(("workflows.edit", {"ref": "echo", "name": "Parrot"}), ADD, SITES),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "allowed_origins": ["*"]}), ADD),
    _done(LOOK, ADD),
    _done(("workflows.set_look", {"ref": "echo", "prompts": {"Hours": ""}, "icons": {"search": ""}}), ADD, LOOK),
    _done(("workflows.set_look", {"ref": "echo", "scheme": "light", "replace": True}), ADD, LOOK),
    _done(("workflows.set_look", {"ref": "echo", "files": "on"}), ADD, LOOK),
    _done(("workflows.show", {"ref": "echo"}), ADD, LOOK),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo"}), ADD),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo", "scheme": "sepia"}), ADD),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo", "contact": "javascript:x"}), ADD),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo", "files": "maybe"}), ADD),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo", "icons": {"nothing": "bolt"}}), ADD),
    _done(
        ("workflows.edit", {"ref": "echo", "runner": "openai", "target": "https://m.org", "settings": {"model": "m"}}),
        ADD,
    ),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "settings": {"unknown": "x"}}), ADD),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "settings": {"unknown": ""}}), ADD),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "reset": ["identity_secret"]}), ADD),
    _wrong("invalid_input", ("workflows.set_look", {"ref": "echo", "models": {"fats": ""}}), ADD, LOOK),
    _wrong(
        "invalid_input", ("workflows.set_look", {"ref": "echo", "icons": {"fast": ""}, "tools": {"x": "X"}}), ADD, LOOK
    ),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "time_limit": 60, "reset": ["time_limit"]}), ADD),
    _wrong("workflow_check_failed", ("workflows.edit", {"ref": "silent", "name": "Silent", "check": True}), ADD_SILENT),
    _done(("workflows.remove", {"ref": "echo"}), ADD, PUBLISH),
    _done(PUBLISH, ADD),
    _done(("workflows.publish", {"ref": "echo", "require_login": True, "anyway": True}), ADD),
    _done(("workflows.publish", {"ref": "echo", "require_login": False}), ADD),
    _done(("workflows.unpublish", {"ref": "echo"}), ADD, PUBLISH),
    _done(("workflows.unpublish", {"ref": "echo", "end_sessions": True}), ADD, PUBLISH),
    _done(("workflows.unpublish", {"ref": "echo", "end_sessions": True}), ADD),
    _done(("workflows.rotate_publish_token", {"ref": "echo"}), ADD, PUBLISH),
    _done(ROTATE, ADD, PUBLISH),
    _done(("workflows.rotate_publish_token", {"ref": "echo", "grace": "2d"}), ADD, PUBLISH),
    _done(IDENTIFY, ADD),
    _done(("workflows.rotate_identity_secret", {"ref": "echo", "grace": "1h"}), ADD, IDENTIFY),
    _done(("workflows.edit", {"ref": "echo", "reset": ["identity_secret"]}), ADD, IDENTIFY),
    _wrong("invalid_input", ("workflows.rotate_identity_secret", {"ref": "echo", "grace": "8d"}), ADD),
    _done(("workflows.set_login", {"ref": "echo", "require_login": True, "anyway": True}), ADD, PUBLISH),
    _done(("workflows.set_login", {"ref": "echo", "require_login": False}), ADD, PUBLISH),
    _done(("threads.list", {"ref": "echo", "search": "hello you", "visitor": "anon:a", "limit": 1}), ADD),
    _done(("threads.list", {"ref": "echo", "search": "HELLO"}), ADD, CHAT),
    _done(("threads.show", {"id": THREAD_ID, "limit": 1}), ADD, CHAT),
    _done(("threads.export", {"id": THREAD_ID}), ADD, CHAT),
    _done(("threads.export", {"id": THREAD_ID, "format": "json"}), ADD, CHAT),
    _done(("threads.export", {"id": THREAD_ID, "format": "jsonl"}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "thread": THREAD_ID}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "visitor": "anon:a", "older_than_days": 30}), ADD),
    _done(("threads.purge", {"ref": "echo", "all": True, "dry_run": True}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "thread": THREAD_ID, "dry_run": True}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "older_than_days": 1, "dry_run": True}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "all": True}), ADD, CHAT),
    _done(("threads.purge", {"ref": "echo", "older_than_days": 0}), ADD),
    _done(("threads.list", {"ref": "echo", "failed": True}), ADD, CHAT),
    _done(("workflows.open_chat_session", {"ref": "echo"}), ADD),
    _done(ASK, ADD),
    _done(("workflows.ask", {"ref": "echo", "text": "And you?", "thread_id": ASKED_ID}), ADD, ASK),
    _done(("canvas.open", {})),
    _done(("keys.rotate", {})),
    _done(("server.space", {}), ADD, PUBLISH),
    _done(("server.telemetry", {})),
    _done(("audit.list", {"limit": 2}), ADD, PUBLISH),
    _done(("audit.list", {"workflow": "echo", "act": "workflow.published", "actor": "owner:local"}), ADD, PUBLISH),
    _done(("audit.list", {"since": "2026-11-23", "until": "2026-11-23T12:00"}), ADD, PUBLISH),
    _done(("audit.verify", {}), ADD, PUBLISH),
    _done(("webhook.show", {})),
    _done(("audit.export", {}), ADD, PUBLISH),
    _done(CREATE_TOKEN),
    _done(("tokens.create", {"scopes": ["workflows:read", "operator"], "owner": "bob"})),
    _done(("tokens.list", {})),
    _done(("tokens.list", {"limit": 1}), CREATE_TOKEN),
    _done(ROTATE_TOKEN, CREATE_TOKEN),
    _done(REVOKE_TOKEN, CREATE_TOKEN),
    _done(REVOKE_TOKEN, CREATE_TOKEN, ROTATE_TOKEN),
)

_UNKNOWN = tuple(
    _wrong("workflow_not_found", (operation, {"ref": "nobody", **more}), ADD)
    for operation, more in (
        ("workflows.check", {}),
        ("workflows.show", {}),
        ("workflows.edit", {"name": "Nobody"}),
        ("workflows.set_look", {"greeting": "Hello"}),
        ("workflows.remove", {}),
        ("workflows.publish", {}),
        ("workflows.archive", {}),
        ("workflows.unarchive", {}),
        ("workflows.unpublish", {}),
        ("workflows.rotate_publish_token", {}),
        ("workflows.rotate_identity_secret", {}),
        ("workflows.set_login", {"require_login": True}),
        ("workflows.open_chat_session", {}),
        ("workflows.ask", {"text": "Hello"}),
        ("threads.list", {}),
        ("threads.purge", {"older_than_days": 1}),
    )
)

_CONFLICTS = (
    _wrong("thread_not_found", ("threads.show", {"id": "thr_nobody"})),
    _wrong("thread_not_found", ("threads.export", {"id": "thr_nobody", "format": "jsonl"})),
    _wrong("thread_not_found", ("threads.purge", {"ref": "echo", "thread": "thr_nobody"}), ADD),
    _wrong("thread_not_found", ("workflows.ask", {"ref": "echo", "text": "Hi", "thread_id": "thr_nobody"}), ADD),
    _wrong("no_answer", ("workflows.ask", {"ref": "silent", "text": "Hi"}), ADD_SILENT),
    _wrong("invalid_input", ("workflows.ask", {"ref": "echo", "text": " "}), ADD),
    _wrong("handle_taken", ADD, ADD),
    _wrong("handle_taken", ("workflows.edit", {"ref": "echo", "handle": "other"}), ADD, ADD_OTHER),
    _wrong("already_published", PUBLISH, ADD, PUBLISH),
    _wrong("workflow_archived", PUBLISH, ADD, ARCHIVE),
    _wrong("already_archived", ARCHIVE, ADD, ARCHIVE),
    _wrong("not_archived", UNARCHIVE, ADD),
    _wrong("no_identity_provider", ("workflows.publish", {"ref": "echo", "require_login": True}), ADD),
    _wrong("no_identity_provider", ("workflows.set_login", {"ref": "echo", "require_login": True}), ADD, PUBLISH),
    _wrong("not_published", ("workflows.unpublish", {"ref": "echo"}), ADD),
    _wrong("not_published", ROTATE, ADD),
    _wrong("not_published", ("workflows.set_login", {"ref": "echo", "require_login": True}), ADD),
    _wrong("service_token_not_found", ("tokens.rotate", {"id": "nobody"})),
    _wrong("service_token_not_found", ("tokens.revoke", {"id": "nobody"})),
    _wrong("service_token_ended", ROTATE_TOKEN, CREATE_TOKEN, ROTATE_TOKEN),
    _wrong("service_token_ended", ROTATE_TOKEN, CREATE_TOKEN, REVOKE_TOKEN),
    _wrong("service_token_ended", REVOKE_TOKEN, CREATE_TOKEN, REVOKE_TOKEN),
)

_WRONG_VALUES = (
    _wrong("invalid_input", ("workflows.add", {**_ECHO, "handle": "No handle"})),
    _wrong("invalid_input", ("workflows.add", {**_ECHO, "runner": "magic"})),
    _wrong("invalid_input", ("workflows.add", {**_ECHO, "target": "tests.workflows:nothing"})),
    _wrong("workflow_check_failed", ("workflows.add", {**ADD_SILENT[1], "check": True})),
    _wrong("workflow_check_failed", ("workflows.check", {"ref": "silent"}), ADD_SILENT),
    _wrong("invalid_input", ("workflows.list", {"limit": 101})),
    _wrong("invalid_input", ("workflows.list", {"days": 93})),
    _wrong("invalid_input", ("workflows.show", {"ref": "echo", "days": -1}), ADD),
    _wrong("invalid_input", ("workflows.list", {"after": "wf_nope"}), ADD),
    _wrong("invalid_input", ("workflows.list", {"after": "echo"}), ADD),
    _wrong("invalid_input", ("workflows.rotate_publish_token", {"ref": "echo", "grace": "1 week"}), ADD, PUBLISH),
    _wrong("invalid_input", ("workflows.rotate_publish_token", {"ref": "echo", "grace": "8d"}), ADD, PUBLISH),
    _wrong(
        "invalid_input",
        ("workflows.rotate_publish_token", {"ref": "echo", "grace": "1h", "grace_seconds": 5}),
        ADD,
        PUBLISH,
    ),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo"}), ADD),
    _wrong("invalid_input", ("workflows.edit", {"ref": "echo", "name": "\x1b[2J"}), ADD),
    _wrong("invalid_input", ("workflows.rotate_publish_token", {"ref": "echo", "grace_seconds": -1}), ADD, PUBLISH),
    _wrong("invalid_input", ("tokens.create", {"scopes": ["everything"]})),
    _wrong("invalid_input", ("tokens.create", {"scopes": ["operator"], "owner": "No name", "expires_in_days": 0})),
    _wrong("invalid_input", ("tokens.create", {"scopes": ["operator"], "label": "\x1b[2J"})),
    _wrong("invalid_input", ("tokens.list", {"limit": 0})),
    _wrong("invalid_input", ("threads.list", {"ref": "echo", "search": " "}), ADD),
    _wrong("invalid_input", ("threads.show", {"id": "thr_1", "limit": 0})),
    _wrong("invalid_input", ("audit.list", {"limit": 0})),
    _wrong("workflow_not_found", ("audit.list", {"workflow": "nope"})),
    _wrong("invalid_input", ("audit.list", {"act": "workflow.opened"})),
    _wrong("invalid_input", ("audit.list", {"since": "yesterday"})),
    _wrong("invalid_input", ("audit.list", {"after": "aud_nope"})),
    _wrong("invalid_input", ("tokens.list", {"after": "nope"})),
    _wrong("invalid_input", ("tokens.create", {"scopes": ["operator"], "owner": "orcheo-server"})),
    _wrong("invalid_input", ("workflows.add", {**_ECHO, "runner": "pythonic"})),
    _wrong("invalid_input", ("threads.export", {"id": "thr_1", "format": "pdf"})),
    _wrong("invalid_input", ("threads.purge", {"ref": "echo"}), ADD),
    _wrong("invalid_input", ("threads.purge", {"ref": "echo", "older_than_days": 0}), ADD, CHAT),
    _wrong("invalid_input", ("threads.purge", {"ref": "echo", "older_than_days": 0, "dry_run": True}), ADD, CHAT),
    _wrong("invalid_input", ("threads.purge", {"ref": "echo", "older_than_days": -1}), ADD),
    _wrong("invalid_input", ("threads.purge", {"ref": "echo", "older_than_days": 1, "all": True}), ADD),
    _wrong("invalid_input", ("tokens.rotate", {"id": TOKEN_ID, "grace_seconds": -1}), CREATE_TOKEN),
)

_BADLY_TYPED: tuple[Step, ...] = (
    ("workflows.add", {**_ECHO, "handle": 5}),
    ("workflows.add", {"handle": "other"}),
    ("workflows.add", {**_ECHO, "settings": {"a": 1}}),
    ("workflows.list", {"limit": "ten"}),
    ("workflows.show", {"ref": "echo", "wings": "two"}),
    ("workflows.show", {"ref": "echo", "days": "two"}),
    ("workflows.edit", {"ref": "echo", "name": ["a"]}),
    ("workflows.set_look", {"ref": "echo", "greeting": ["a"]}),
    ("workflows.check", {"ref": "echo", "wings": "two"}),
    ("workflows.remove", {"ref": "echo", "wings": "two"}),
    ("workflows.publish", {"ref": "echo", "require_login": "yes"}),
    ("workflows.unpublish", {"ref": "echo", "end_sessions": 1}),
    ("workflows.archive", {"ref": "echo", "wings": "two"}),
    ("workflows.unarchive", {"ref": "echo", "wings": "two"}),
    ("workflows.list", {"public": "yes"}),
    ("workflows.rotate_publish_token", {"ref": "echo", "grace_seconds": "soon"}),
    ("workflows.rotate_identity_secret", {"ref": "echo", "grace": ["1h"]}),
    ("workflows.set_login", {"ref": "echo"}),
    ("workflows.open_chat_session", {"ref": "echo", "wings": "two"}),
    ("workflows.ask", {"ref": "echo", "text": 5}),
    ("canvas.open", {"wings": "two"}),
    ("keys.rotate", {"wings": "two"}),
    ("server.space", {"wings": "two"}),
    ("server.telemetry", {"wings": "two"}),
    ("audit.list", {"limit": "ten"}),
    ("audit.verify", {"wings": "two"}),
    ("webhook.show", {"wings": "two"}),
    ("audit.export", {"wings": "two"}),
    ("threads.list", {"ref": "echo", "limit": "ten"}),
    ("threads.show", {"id": "thr_1", "limit": "ten"}),
    ("threads.export", {"id": 7}),
    ("threads.purge", {"ref": "echo", "older_than_days": "old"}),
    ("tokens.create", {"scopes": "operator"}),
    ("tokens.create", {"scopes": []}),
    ("tokens.list", {"limit": "ten"}),
    ("tokens.rotate", {"id": TOKEN_ID, "grace_seconds": "soon"}),
    ("tokens.revoke", {}),
)
_WRONG_TYPES = tuple(map(_untyped, _BADLY_TYPED))

CASES = (*_DONE, *_UNKNOWN, *_CONFLICTS, *_WRONG_VALUES, *_WRONG_TYPES)

SCOPES = {
    "workflows.check": Scope.WORKFLOWS_READ,
    "workflows.add": Scope.WORKFLOWS_PUBLISH,
    "workflows.list": Scope.WORKFLOWS_WRITE,
    "workflows.show": Scope.WORKFLOWS_WRITE,
    "workflows.edit": Scope.WORKFLOWS_READ,
    "workflows.set_look": Scope.WORKFLOWS_READ,
    "workflows.remove": Scope.WORKFLOWS_READ,
    "workflows.publish": Scope.WORKFLOWS_WRITE,
    "workflows.unpublish": Scope.WORKFLOWS_WRITE,
    "workflows.archive": Scope.WORKFLOWS_WRITE,
    "workflows.unarchive": Scope.WORKFLOWS_WRITE,
    "workflows.rotate_publish_token": Scope.WORKFLOWS_READ,
    "workflows.rotate_identity_secret": Scope.WORKFLOWS_WRITE,
    "workflows.set_login": Scope.WORKFLOWS_READ,
    "workflows.ask": Scope.WORKFLOWS_READ,
    "workflows.open_chat_session": Scope.WORKFLOWS_READ,
    "canvas.open": Scope.WORKFLOWS_WRITE,
    "keys.rotate": Scope.TOKENS_MANAGE,
    "server.space": Scope.AUDIT_READ,
    "server.telemetry": Scope.AUDIT_READ,
    "audit.list": Scope.OPERATOR,
    "audit.verify": Scope.OPERATOR,
    "webhook.show": Scope.WORKFLOWS_READ,
    "audit.export": Scope.OPERATOR,
    "threads.list": Scope.WORKFLOWS_READ,
    "threads.show": Scope.WORKFLOWS_READ,
    "threads.export": Scope.WORKFLOWS_READ,
    "threads.purge": Scope.TRANSCRIPTS_READ,
    "tokens.create": Scope.OPERATOR,
    "tokens.list": Scope.OPERATOR,
    "tokens.rotate": Scope.OPERATOR,
    "tokens.revoke": Scope.OPERATOR,
}
"""For each operation a scope that is not enough for it."""
