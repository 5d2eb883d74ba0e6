"""What an owner can ask for: the single place of names, parameters, defaults, prompts, results and errors.

CLI, MCP and ``POST /api/operations/{name}`` are built from :data:`orcheo_core.operations.catalogue.CATALOGUE`.
"""
