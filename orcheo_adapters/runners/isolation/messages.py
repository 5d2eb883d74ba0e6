"""What is in frames: requests, run events and failures as JSON.

Nothing of a workflow's process is unpickled: what it says is decoded as strictly as what comes from the network.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import count
from traceback import format_exception
from typing import Any, get_args

import orjson
from attrs import Attribute, asdict, evolve
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from orcheo_adapters.runners.isolation.frames import BrokenProtocol
from orcheo_adapters.runners.isolation.options import without_isolation
from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.items import TagInput
from orcheo_core.domain.json_values import has_more_values, is_flat
from orcheo_core.domain.run import Cause, PastMessage, PastPart, RunContext, RunEvent, RunRequest, SentFile
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.ports.runner import NothingSaid, RunFailed, failure_of, text_of

_EVENTS: dict[str, type] = {each.__name__: each for each in get_args(RunEvent)}
_KINDS: dict[str, type] = {each.__name__: each for each in (*get_args(Cause), *get_args(PastPart))}
"""What is not told by where it stands."""
_STRICT = StrictDecoder(forbid_extra_keys=True)
_TRUSTED = Converter()
_TRUSTED.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_APART = {name: override(omit=True) for name in ("attachments", "cause", "history")}
"""Fields of the context that travel in forms of their own."""
_TRUSTED.register_structure_hook(RunContext, make_dict_structure_fn(RunContext, _TRUSTED, **_APART))  # type: ignore[arg-type]
MOST_VALUES = 20_000
"""In one thing that a process says: all chats wait while it is read."""
_TRACEBACK_LENGTH = 20_000
_REASON_LENGTH = 1_000

ReadFile = Callable[[int], bytes]
"""Gives the bytes of the attachment at a position."""


class RemoteTraceback(Exception):
    """Where an error was raised in a workflow's process; for the log."""

    def __str__(self) -> str:
        """The traceback as text."""
        return f"\n{self.args[0]}"


def _is_plain(field: "Attribute[Any]", _value: object) -> bool:
    return field.name not in _APART


def encode_request(request: RunRequest) -> bytes:
    """A request as the workflow's process gets it: without the bytes of attachments, which it asks for."""
    context = request.context
    plain = asdict(context, filter=_is_plain)
    return orjson.dumps(
        {
            "spec": asdict(without_isolation(request.spec)),
            "text": request.text,
            "handle": request.handle,
            "context": plain,
            "history": [_past(each) for each in context.history],
            "files": _files(context.attachments),
            "cause": _of_a_kind(context.cause),
        }
    )


def files_of(context: RunContext) -> tuple[SentFile, ...]:
    """All files that a workflow may read, in the order of their numbers: those of the message, then earlier ones."""
    return (*context.attachments, *(sent for past in context.history for sent in past.files))


def _past(past: PastMessage) -> dict[str, Any]:
    return {
        "said_by": past.said_by,
        "text": past.text,
        "files": _files(past.files),
        "tags": [asdict(each) for each in past.tags],
        "item": _of_a_kind(past.item),
        "hidden": past.hidden,
        "id": past.id,
    }


def _files(sent: Iterable[SentFile]) -> list[dict[str, Any]]:
    return [{"name": each.name, "mime_type": each.mime_type, "size": each.size} for each in sent]


def _of_a_kind(thing: Cause | PastPart | None) -> tuple[str, dict[str, Any]] | None:
    return None if thing is None else (type(thing).__name__, asdict(thing))


def decode_request(payload: bytes, read: ReadFile) -> RunRequest:
    """In the workflow's process."""
    document = orjson.loads(payload)
    context = _TRUSTED.structure(document["context"], RunContext)
    numbers = count()

    def sent(files: list[dict[str, Any]]) -> tuple[SentFile, ...]:
        return tuple([SentFile(**each, read=partial(read, next(numbers))) for each in files])

    attachments = sent(document["files"])  # first: see files_of
    return RunRequest(
        spec=_TRUSTED.structure(document["spec"], RunnerSpec),
        text=document["text"],
        handle=document["handle"],
        context=evolve(
            context,
            history=tuple([_past_message(each, sent(each["files"])) for each in document["history"]]),
            attachments=attachments,
            cause=_thing(document["cause"]),
        ),
    )


def _past_message(given: dict[str, Any], files: tuple[SentFile, ...]) -> PastMessage:
    tags = tuple([_TRUSTED.structure(each, TagInput) for each in given["tags"]])
    return PastMessage(**{**given, "files": files, "tags": tags, "item": _thing(given["item"])})


def _thing(given: list[Any] | None) -> Any:
    return None if given is None else _TRUSTED.structure(given[1], _KINDS[given[0]])


def encode_event(event: RunEvent) -> bytes:
    """A run event; raises :class:`RunFailed` when something in it is not JSON, or it has too many values."""
    try:
        payload = orjson.dumps([type(event).__name__, asdict(event)])
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"A run event {type(event).__name__} holds something that is not JSON: {error}"
        raise RunFailed("answer_not_understood", reason) from None
    if has_more_values(payload, MOST_VALUES):
        reason = f"A run event {type(event).__name__} has more than {MOST_VALUES:,} values."
        raise RunFailed("answer_not_understood", reason)
    return payload


def loads(payload: bytes) -> Any:
    """What a process says as JSON; raises :class:`ValueError` for anything else, and for too many values."""
    if has_more_values(payload, MOST_VALUES):
        message = f"more than {MOST_VALUES:,} values"
        raise ValueError(message)
    return orjson.loads(payload)


def decode_event(payload: bytes) -> RunEvent:
    """A run event of a process that may say anything; raises :class:`BrokenProtocol`."""
    try:
        name, fields = loads(payload)
        if not is_flat(fields):
            raise ValueError
        event: RunEvent = _STRICT.decode(fields, _EVENTS[name])
    except (ValueError, TypeError, KeyError, InvalidInput) as error:
        message = "what cannot be read as a run event"
        raise BrokenProtocol(message) from error
    return event


def encode_failure(error: BaseException) -> bytes:
    """What a run or a question raised, with its traceback for the log."""
    document: dict[str, Any] = {"traceback": "".join(format_exception(error))[-_TRACEBACK_LENGTH:]}
    if isinstance(error, InvalidInput):
        document["fields"] = [[each.path, each.message] for each in error.fields]
        document["hint"] = error.hint
    else:
        failure = failure_of(error if isinstance(error, Exception) else RuntimeError(text_of(error, repr)))
        document |= {
            "code": failure.code,
            "reason": failure.reason,
            "retry_after": failure.retry_after,
            "visitor_message": failure.visitor_message,
        }
    return orjson.dumps({name: _encodable(value) for name, value in document.items()})


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def decode_failure(payload: bytes) -> Exception:
    """The error to raise for it; raises :class:`BrokenProtocol`."""
    try:
        document = loads(payload)
        error = _failure(document)
        error.__cause__ = RemoteTraceback(str(document["traceback"])[:_TRACEBACK_LENGTH])
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        message = "what cannot be read as a failure"
        raise BrokenProtocol(message) from wrong
    return error


def _failure(document: dict[str, Any]) -> Exception:
    if "fields" in document:
        fields = [FieldError(str(path)[:200], str(said)[:1_000]) for path, said in document["fields"][:20]]
        return InvalidInput(*fields, hint=str(document["hint"])[:1_000])
    if document["code"] == "no_answer":
        return NothingSaid(str(document["reason"])[:_REASON_LENGTH])
    pause, visitor_message = document["retry_after"], document["visitor_message"]
    return RunFailed(
        str(document["code"])[:100],
        str(document["reason"])[:_REASON_LENGTH],
        retry_after=pause if isinstance(pause, int) and 0 <= pause <= 86_400 else None,
        visitor_message=None if visitor_message is None else str(visitor_message)[:_REASON_LENGTH],
    )
