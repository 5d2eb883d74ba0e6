"""An agent of AutoGen with a tool, which keeps the conversation in itself, and what makes a team for each turn."""

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.openai import OpenAIChatCompletionClient


async def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


model = OpenAIChatCompletionClient(model="gpt-4o-mini")
agent = AssistantAgent("helper", model_client=model, tools=[weather], reflect_on_tool_use=True)


def make_team():
    helper = AssistantAgent("helper", model_client=model, tools=[weather], model_client_stream=True)
    return RoundRobinGroupChat([helper], termination_condition=MaxMessageTermination(2))
