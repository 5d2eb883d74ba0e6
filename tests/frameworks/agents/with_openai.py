"""Functions that call the client of openai."""

from openai import AsyncOpenAI, OpenAI

client, sync_client = AsyncOpenAI(), OpenAI()


async def answer(messages):
    return await client.chat.completions.create(model="fake", messages=messages, stream=True)


def respond(messages):
    return sync_client.responses.create(model="fake", input=messages, stream=True)
