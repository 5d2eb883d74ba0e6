"""An agent of Pydantic AI with one tool."""

from pydantic_ai import Agent
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart

agent = Agent("openai-chat:fake", instructions="Be short.")


@agent.tool_plain
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


async def answer(text, history):
    """Yield the text as it comes."""
    earlier = [
        ModelRequest.user_text_prompt(each["content"])
        if each["role"] == "user"
        else ModelResponse(parts=[TextPart(each["content"])])
        for each in history
    ]
    async with agent.run_stream(text, message_history=earlier) as result:
        async for piece in result.stream_text(delta=True, debounce_by=None):
            yield piece


@agent.tool_plain(requires_approval=True)
def delete(city: str) -> str:
    """Delete a city."""
    return f"Deleted {city}"
