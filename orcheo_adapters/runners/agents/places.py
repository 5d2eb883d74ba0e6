"""Which of the named inputs of a chain or crew are for the visitor's message and for the history."""

from collections.abc import Iterable

from attrs import frozen

from orcheo_core.ports.runner import RunFailed

_TEXTS = ("input", "question", "text", "query", "message", "user_input", "human_input", "prompt")
_HISTORIES = frozenset({"history", "chat_history", "messages", "conversation", "message_history", "agent_scratchpad"})


@frozen(kw_only=True)
class Places:
    """Inputs by their usual names."""

    text: str | None
    """None when all inputs are for the history."""
    histories: list[str]

    @classmethod
    def of(cls, names: Iterable[str], what: str, *, name_it: str, histories: frozenset[str] = frozenset()) -> "Places":
        """Sort ``names``; those of ``histories`` are known to be for the history.

        Raises :class:`RunFailed` when ``what`` has several inputs that may be the message.
        """
        names, histories = sorted(names), histories | _HISTORIES
        texts = [name for name in names if name not in histories]
        text = next((name for name in _TEXTS if name in texts), texts[0] if len(texts) == 1 else None)
        if texts and text is None:
            raise RunFailed(
                "input_unknown",
                f"{what} takes {', '.join(texts)}, and which is the visitor's message is not known. Name it "
                f"{name_it}, or register a function with --runner python: async def answer(text, history).",
            )
        return cls(text=text, histories=[name for name in names if name in histories])
