"""What an app sets for a chat session that it opens for one of its users (OpenAI's session API)."""

from typing import Any

from attrs import Attribute, evolve, field, frozen

from orcheo_core.domain.durations import counted
from orcheo_core.domain.rate import Charge, Rate
from orcheo_core.errors import FieldError, FilesOff, InvalidInput, TooManyFiles

SESSION_SECONDS = 600
"""How long such a chat session lasts, unless the app wants less; no longer, as in OpenAI's own API."""
REQUESTS_A_MINUTE = 10
MEGABYTE = 1024 * 1024
FILE_MEGABYTES = 512
FILES = 10
MOST_RECENT = 1_000
"""Threads that a list of the newest ones may name: each request for a part of it reads them all."""


def _between(least: int, most: int | None = None) -> Any:
    """A validator of whole numbers."""

    def check(_rules: object, attribute: "Attribute[int | None]", number: int | None) -> None:
        if number is not None and not (least <= number and (most is None or number <= most)):
            wanted = f"between {least} and {most}" if most is not None else f"at least {least}"
            raise InvalidInput(FieldError(attribute.name, f"must be {wanted}"))

    return check


@frozen(kw_only=True)
class SessionRules:
    """The rules of one chat session, on top of the server's own."""

    seconds: int = field(default=SESSION_SECONDS, validator=_between(1, SESSION_SECONDS))
    """How long the chat session, and its one chat grant, are good."""
    requests_a_minute: int = field(default=REQUESTS_A_MINUTE, validator=_between(1))
    """Requests that run the workflow; reads are not counted."""
    makes_titles: bool = True
    """Whether a thread is named after its first message."""
    takes_files: bool = False
    file_megabytes: int = field(default=FILE_MEGABYTES, validator=_between(1, FILE_MEGABYTES))
    """The size that one file may have."""
    files: int = field(default=FILES, validator=_between(1))
    """How many files may be uploaded in the whole chat session."""
    shows_history: bool = True
    recent_threads: int | None = field(default=None, validator=_between(1))
    """How many of the user's threads their list shows, the newest; None: all."""

    def within(self, *, turns_a_minute: int | None, file_bytes: int) -> "SessionRules":
        """These rules, as far as the server allows them anyway, so that an app learns what really holds."""
        turns = self.requests_a_minute if turns_a_minute is None else min(self.requests_a_minute, turns_a_minute)
        megabytes = min(self.file_megabytes, max(1, file_bytes // MEGABYTE))
        recent = None if self.recent_threads is None else min(self.recent_threads, MOST_RECENT)
        return evolve(self, requests_a_minute=turns, file_megabytes=megabytes, recent_threads=recent)

    def turn(self, chat_session_id: str) -> Charge:
        """What a request that runs the workflow is counted under."""
        rate = Rate(amount=self.requests_a_minute, seconds=60)
        return Charge(policy="turns-by-session", key=chat_session_id, rate=rate)

    def file(self, chat_session_id: str) -> Charge:
        """What an uploaded file is counted under: the window is as long as the chat session."""
        rate = Rate(amount=self.files, seconds=self.seconds)
        return Charge(policy="files-by-session", key=chat_session_id, rate=rate)

    def check_file(self, size: int) -> None:
        """Raise :class:`FilesOff`, or :class:`InvalidInput` for a file that is too large."""
        if not self.takes_files:
            raise FilesOff
        most = self.file_megabytes * MEGABYTE
        if size > most:
            raise InvalidInput(FieldError("size", f"must be at most {most} bytes", most))

    @property
    def too_many_files(self) -> TooManyFiles:
        """The error for one file more than the chat session may have."""
        return TooManyFiles(f"No more than {counted(self.files, 'uploaded file')} in one chat session.")

    @property
    def threads_shown(self) -> int | None:
        """How many threads their list shows at most."""
        return self.recent_threads if self.shows_history else 0

    @property
    def off(self) -> tuple[str, ...]:
        """What the page need not offer, as the chat grant names it."""
        names = {"file_upload": self.takes_files, "history": self.shows_history}
        return tuple(name for name, is_on in names.items() if not is_on)
