"""What each run event becomes; a test compares it with what the code does, so that it stays true."""

from attrs import frozen


@frozen
class Row:
    """One run event, by the name of its class."""

    event: str
    seen: str
    """What the visitor sees."""
    kept: str = ""
    """The kind of the item that the thread keeps; empty for nothing."""
    note: str = ""
    """What else is to be said of what is kept."""
    found: str = ""
    """What the next turn finds in ``context.history``; empty for nothing."""
    elsewhere: str = ""
    """What it finds in place of that."""


ROWS = (
    Row("TextDelta", "more text", "assistant_message", found="the text"),
    Row("SourceCited", "a source at the text", "assistant_message", "with its sources", found="the text"),
    Row("AnswerEnded", "the text that follows is an answer of its own"),
    Row("ProgressNote", "a line while the workflow works"),
    Row("StepNoted", "a step of a note, folded", "workflow"),
    Row("StepsSummed", "the title of that note", "workflow"),
    Row("StepShown", "a step that stands alone", "task"),
    Row(
        "WidgetShown",
        "a widget; with the same id again its new look",
        "widget",
        "the last look; looks that are not whole (`is_whole=False`) are sent, and not stored before the turn ends",
        "the widget, and its `copy_text` as text",
    ),
    Row("WidgetChanged", "a new look of the widget that was acted upon", "widget", "the last look", "the widget"),
    Row(
        "ImageShown",
        "an image; with the same id again more of it",
        "generated_image",
        "the last look; an image that is not whole is sent, and not stored before the turn ends",
        "the image",
    ),
    Row("TakenBack", "the widget or the image is gone"),
    Row(
        "ClientToolCalled",
        "nothing; the page calls its tool",
        "client_tool_call",
        found="the call with its output",
        elsewhere="the output as the cause of the next turn",
    ),
    Row(
        "InputAsked",
        "questions with buttons or a field",
        "structured_input",
        found="the questions and the answers",
        elsewhere="the answers as the cause of the next turn",
    ),
    Row("EffectCaused", "what the page does with it"),
    Row("NoticeGiven", "a notice below the answer", "end_of_turn", "the first ten of a turn"),
    Row("ContextKept", "nothing", "hidden_context", found="the JSON, as `hidden`"),
    Row("TitleGiven", "the title of the thread", note="with the thread", elsewhere="`context.thread_title`"),
    Row("ThreadSet", "a locked or closed thread", note="with the thread", elsewhere="`context.thread_settings`"),
    Row("StopOffered", "no button to stop the answer"),
    Row("UsageReported", "nothing", note="with the turn, for the owner"),
    Row(
        "CutShort",
        "a notice that the answer is not whole",
        "end_of_turn",
        "the reason is with the turn, for the owner",
        "that the answer is not whole",
    ),
    Row("FaultNoted", "nothing", note="with the turn, for the owner"),
)
