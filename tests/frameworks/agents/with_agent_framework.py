"""An agent of Microsoft Agent Framework with a tool, and one that asks before it deletes."""

from agent_framework import Agent, tool
from agent_framework.openai import OpenAIChatCompletionClient


@tool(approval_mode="never_require")
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


@tool(approval_mode="always_require")
def delete(city: str) -> str:
    """Delete a city."""
    return f"Deleted {city}"


agent = Agent(OpenAIChatCompletionClient(model="fake"), instructions="Be short.", tools=[weather, delete])
