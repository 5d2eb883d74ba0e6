"""An agent of smolagents that calls a tool."""

from smolagents import OpenAIModel, ToolCallingAgent, tool


@tool
def weather(city: str) -> str:
    """Tell the weather of a city.

    Args:
        city: name of the city
    """
    return f"Sunny in {city}"


agent = ToolCallingAgent(tools=[weather], model=OpenAIModel(model_id="fake"))
