"""What the owner of a callable that gets no earlier messages reads."""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from orcheo_adapters.runners.callables import memory_advice
from orcheo_core.domain.run import RunContext


def by_text(text: str) -> str:
    return text


async def by_other_names(question: str, *, user: str, warmth: float = 0.5) -> AsyncIterator[str]:
    yield f"{question} {user} {warmth}"


class Bot:
    """An object of the owner's."""

    def __call__(self, text: str) -> str:
        return text

    async def say(self, message: str) -> str:
        return message

    @classmethod
    def of_all(cls, text: str) -> str:
        return text


bot = Bot()


@pytest.mark.parametrize(
    ("target", "call", "replaced", "line"),
    [
        ("m:by_text", by_text, "text", "def by_text(messages)"),
        ("m:by_other_names", by_other_names, "question", "async def by_other_names(messages, user)"),
        ("m:warm", partial(by_other_names, warmth=1.0), "question", "async def warm(messages, user)"),
        ("m:bot", bot, "text", "def __call__(self, messages)"),
        ("m:bot.say", bot.say, "message", "async def say(self, messages)"),
        ("m:Bot.of_all", Bot.of_all, "text", "def of_all(cls, messages)"),
        ("m:stars", lambda *_texts: "", "the text", "def stars(messages)"),
    ],
)
def test_the_line_to_write(target: str, call: Callable[..., Any], replaced: str, line: str) -> None:
    """It is the owner's own, with another parameter."""
    advice = memory_advice(target, call)
    assert advice is not None
    assert f" take messages in place of {replaced}: `" in advice
    assert advice.endswith(f": `{line}`.")


def test_the_code_of_a_package_is_not_to_be_changed() -> None:
    """A function around it gets the messages."""
    assert memory_advice("json:dumps", json.dumps) == (
        "'dumps' gets each message without the earlier ones. Name a function of yours that gets them all and calls it: "
        "`def answer(messages)`."
    )


def with_messages(messages: list[dict[str, str]]) -> str:
    return str(messages)


def with_history(text: str, history: list[dict[str, str]]) -> str:
    return f"{text} {history}"


def with_context(text: str, about: RunContext) -> str:
    return f"{text} {about}"


def with_thread_id(text: str, thread_id: str) -> str:
    return text + thread_id


@pytest.mark.parametrize("call", [with_messages, with_history, with_context, with_thread_id])
def test_what_gets_the_earlier_messages_needs_no_advice(call: Callable[..., Any]) -> None:
    """Or can look them up by the thread's id."""
    assert memory_advice("m:call", call) is None
