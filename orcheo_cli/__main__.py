"""The program ``orcheo``, also ``python -m orcheo_cli``. Imports late: the base install has no Click."""

from orcheo_adapters.installation import run_installed


def main() -> None:
    """Run the command line."""
    run_installed("orcheo", "standard", _start)


def _start() -> None:
    from orcheo_cli.main import main as run

    run()


if __name__ == "__main__":
    main()
