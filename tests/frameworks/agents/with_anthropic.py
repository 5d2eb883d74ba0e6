"""A function that calls the client of anthropic."""

from anthropic import AsyncAnthropic

client = AsyncAnthropic()


def answer(messages):
    return client.messages.stream(model="fake", max_tokens=1000, messages=messages)
