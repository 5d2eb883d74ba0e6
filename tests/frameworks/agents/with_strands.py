"""An agent of Strands, which keeps the conversation in itself."""

from strands import Agent, tool
from strands.models.openai import OpenAIModel


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


agent = Agent(model=OpenAIModel(model_id="fake"), tools=[weather], callback_handler=None)
