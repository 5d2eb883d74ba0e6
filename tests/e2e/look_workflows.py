"""Workflows that say what a visitor has chosen or sent."""

from orcheo_core import RunContext


def chosen(text: str, context: RunContext) -> str:
    """The message with the model and the tool that are wished."""
    return f"{text}: {context.inference_options.model}, {context.inference_options.tool_id}"


def names(text: str, context: RunContext) -> str:
    """The message with the names of its files."""
    return f"{text}: {', '.join(each.name for each in context.attachments) or 'no files'}"
