"""A function that calls litellm."""

import litellm


async def answer(messages):
    return await litellm.acompletion(model="openai/fake", messages=messages, stream=True)
