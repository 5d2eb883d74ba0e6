"""Options of the Claude Agent SDK: one tool of its own, none of those that read and change files."""

from typing import Any

from claude_agent_sdk import ClaudeAgentOptions, create_sdk_mcp_server, tool


@tool("weather", "Tell the weather of a city.", {"city": str})
async def weather(given: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"Sunny in {given['city']}"}]}


options = ClaudeAgentOptions(
    system_prompt="Be short.",
    model="fake",
    tools=[],
    mcp_servers={"own": create_sdk_mcp_server("own", tools=[weather])},
    allowed_tools=["mcp__own__weather"],
    setting_sources=[],
)
