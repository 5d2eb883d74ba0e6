"""The program ``orcheo-mcp``, also ``python -m orcheo_mcp``. Imports late: the base install has no MCP library."""

from orcheo_adapters.installation import run_installed


def main() -> None:
    """Run the MCP server."""
    run_installed("orcheo-mcp", "mcp", _start)


def _start() -> None:
    from orcheo_mcp.main import main as run

    run()


if __name__ == "__main__":
    main()
