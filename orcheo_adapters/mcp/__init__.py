"""MCP: the operations of the catalogue as tools, over standard streams and over HTTP, for any protocol version."""
