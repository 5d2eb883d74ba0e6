"""An agent of Google ADK with a tool, and one that asks before it deletes."""

from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm
from google.adk.tools import FunctionTool


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


def delete(city: str) -> str:
    """Delete a city."""
    return f"Deleted {city}"


tools = [weather, FunctionTool(delete, require_confirmation=True)]
agent = LlmAgent(name="helper", model=LiteLlm(model="openai/fake"), instruction="Be short.", tools=tools)
