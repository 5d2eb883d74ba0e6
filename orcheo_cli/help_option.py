"""The options that show a command's help."""

HELP_BY_BOTH = {"help_option_names": ["-h", "--help"]}
"""For every command by itself: Click keeps the help option of a command as the first parent that asks would have it."""
