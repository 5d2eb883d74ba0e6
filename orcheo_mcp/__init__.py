"""The MCP server ``orcheo-mcp``: each operation of the catalogue as a tool, without logic of its own."""
