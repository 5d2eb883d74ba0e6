"""An agent of Agno with a tool."""

from agno.agent import Agent
from agno.models.openai.like import OpenAILike


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


agent = Agent(model=OpenAILike(id="fake", api_key="unused"), tools=[weather], telemetry=False)
