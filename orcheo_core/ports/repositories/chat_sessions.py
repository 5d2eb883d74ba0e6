"""The port to chat sessions that are kept."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol

from orcheo_core.domain.chat_session import ChatSession


class ChatSessionRepository(Protocol):
    """Chat sessions by id."""

    @abstractmethod
    async def find(self, chat_session_id: str) -> ChatSession | None:
        """The chat session with this id."""

    @abstractmethod
    def save(self, chat_session: ChatSession) -> None:
        """Stage an insert or a replacement."""

    @abstractmethod
    def check_open(self, chat_session_id: str) -> None:
        """Stage a check: commit raises :class:`ChatSessionEnded` when the chat session has been ended or removed."""

    @abstractmethod
    def end_all(self, workflow_id: str, at: datetime) -> None:
        """Stage the end, at ``at``, of all chat sessions of a workflow that have not ended."""

    @abstractmethod
    async def any_expired(self, before: datetime) -> bool:
        """Whether a chat session expired before ``before``."""

    @abstractmethod
    def remove_expired(self, before: datetime, limit: int) -> None:
        """Stage the removal of at most ``limit`` chat sessions that expired before ``before``."""
