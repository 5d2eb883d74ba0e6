"""An agent of LlamaIndex with a tool, a workflow of one, and a chat engine, which keeps the conversation in itself."""

import os

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.llms.openai_like import OpenAILike


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}"


model = OpenAILike(
    model="fake",
    api_base=os.environ["OPENAI_BASE_URL"],
    api_key="unused",
    is_chat_model=True,
    is_function_calling_model=True,
)
agent = FunctionAgent(llm=model, tools=[weather])
workflow = AgentWorkflow(agents=[FunctionAgent(name="helper", llm=model, tools=[weather])])
engine = SimpleChatEngine.from_defaults(llm=model)
