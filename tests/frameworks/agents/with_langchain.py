"""A chat model of LangChain, and a chain with a place for the history."""

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="fake")
prompt = ChatPromptTemplate.from_messages(
    [("system", "Be short."), MessagesPlaceholder("history"), ("user", "{question}")]
)
chain = prompt | model | StrOutputParser()
