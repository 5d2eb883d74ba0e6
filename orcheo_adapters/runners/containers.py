"""What holds the pieces of an answer: streams, context managers around them, and results that have a stream."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from typing import Any

_LEVELS = 4
"""A container may hold another one, this deep."""
_ASYNC_FACES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stream_text", {"delta": True}),
    ("stream_events", {}),
    ("async_response_gen", {}),
    ("text_stream", {}),
    ("response_gen", {}),
)
"""Attributes or methods that give a stream, with what the method is called with: Pydantic AI, openai-agents and
LlamaIndex, Anthropic."""
_SYNC_FACES = tuple(each for each in _ASYNC_FACES if each[0] != "async_response_gen")


def is_async_stream(value: Any) -> bool:
    """Whether it gives its pieces by ``async for``."""
    return isinstance(value, AsyncIterable)


def sync_stream(value: Any) -> Iterator[Any] | None:
    """Its iterator, when it is a stream: generators and iterators, and what has both faces, of which this works.

    A result that can merely be iterated may give the names of its fields, so it does not count as one.
    """
    if isinstance(value, Iterator):
        return value
    if isinstance(value, Iterable) and isinstance(value, AsyncIterable):
        return iter(value)
    return None


async def opened(value: Any, stack: AsyncExitStack, *, prefers_async: bool) -> Any:
    """The stream or the result in ``value``: awaited, entered and asked for its stream, as far as that goes.

    What a sync callable gave is asked for its sync stream. What is entered here is left when ``stack`` is closed. A
    context manager that is only sync is given back as it is: entering it may block.
    """
    faces = _ASYNC_FACES if prefers_async else _SYNC_FACES
    for _ in range(_LEVELS):
        if is_async_stream(value) or sync_stream(value) is not None:
            return value
        if (face := _face_of(value, faces)) is not None:
            value = _whole(face(), value)
        elif isinstance(value, Awaitable):
            value = await value
        elif hasattr(type(value), "__aenter__"):
            value = await stack.enter_async_context(value)
        else:
            return value
    return value


def _whole(stream: Any, owner: Any) -> Any:
    """The stream of ``owner``, which is cancelled when reading ends early, and awaited at the end if it can be."""
    return _led(stream, owner) if isinstance(stream, AsyncIterable) else stream


async def _led(stream: AsyncIterable[Any], owner: Any) -> AsyncIterator[Any]:
    is_read = False
    try:
        async for piece in stream:
            yield piece
        if isinstance(owner, Awaitable):
            yield await owner
        is_read = True
    finally:
        cancel = getattr(owner, "cancel", None)
        if not is_read and callable(cancel):
            with suppress(Exception):
                cancel()


def opened_sync(value: Any, stack: ExitStack) -> Any:
    """The same in a thread of its own, by the sync faces."""
    for _ in range(_LEVELS):
        if sync_stream(value) is not None:
            return value
        if (face := _face_of(value, _SYNC_FACES)) is not None:
            value = face()
        elif needs_entering(value):
            value = stack.enter_context(value)
        else:
            return value
    return value


def needs_entering(value: Any) -> bool:
    """Whether it is a context manager that is only sync."""
    kind = type(value)
    return hasattr(kind, "__enter__") and hasattr(kind, "__exit__") and not hasattr(kind, "__aenter__")


def _face_of(value: Any, faces: tuple[tuple[str, dict[str, Any]], ...]) -> Callable[[], Any] | None:
    for name, arguments in faces:
        if not hasattr(type(value), name) and name not in getattr(value, "__dict__", ()):
            continue
        if (face := getattr(value, name, None)) is not None:
            return partial(face, **arguments) if callable(face) else lambda face=face: face  # type: ignore[misc]
    return None
