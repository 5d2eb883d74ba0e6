"""An agent of openai-agents with a tool, and one that asks before it deletes."""

from agents import Agent, function_tool


@function_tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


@function_tool(needs_approval=True)
def delete(city: str) -> str:
    """Delete a city."""
    return f"Deleted {city}"


agent = Agent(name="Helper", instructions="Be short.", model="fake", tools=[weather, delete])
