"""``python -m orcheo_cli``."""

from orcheo_cli.main import main

main()
