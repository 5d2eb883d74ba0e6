"""Graphs of LangGraph: an agent with a tool that needs an approval, a supervisor with an expert, a deep agent."""

from deepagents import create_deep_agent
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph_supervisor import create_supervisor


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


def delete(city: str) -> str:
    """Delete a city."""
    return f"Deleted {city}"


model = ChatOpenAI(model="fake", streaming=True)
asks = HumanInTheLoopMiddleware(interrupt_on={"delete": True})
agent = create_agent(model, tools=[weather, delete], middleware=[asks], checkpointer=InMemorySaver())
expert = create_agent(model, tools=[weather], name="weather_expert")
supervisor = create_supervisor([expert], model=model).compile(checkpointer=InMemorySaver())
deep = create_deep_agent(model=model, tools=[weather])
