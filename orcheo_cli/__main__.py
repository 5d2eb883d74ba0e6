"""``python -m orcheo_cli``."""

from orcheo_cli.main import main

if __name__ == "__main__":
    main()
