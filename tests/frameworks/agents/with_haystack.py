"""An agent of Haystack with a tool, and a chat generator."""

from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.tools import create_tool_from_function


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


generator = OpenAIChatGenerator(model="fake")
agent = Agent(chat_generator=generator, tools=[create_tool_from_function(weather)])
