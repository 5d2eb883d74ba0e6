"""An agent of CrewAI with a tool, and a crew with a place for the message and one for the history."""

from crewai import LLM, Agent, Crew, Task
from crewai.tools import tool


@tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


agent = Agent(role="Helper", goal="Help", backstory="You are short.", llm=LLM(model="gpt-4o-mini"), tools=[weather])
task = Task(description="{history}\n{input}", expected_output="An answer.", agent=agent)
crew = Crew(agents=[agent], tasks=[task])
