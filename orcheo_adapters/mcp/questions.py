"""Questions to owners whose answer comes with another request.

A client might answer what it was never asked. So the question goes along with a sealed state, which the library binds
to tool, arguments, caller and a short time, and in which the words of the question are; it comes back with the answer.
An answer confirms this one act, once. Any other act is asked about. Which answers were used is known to this process
alone, so what an earlier one has asked is asked again.
"""

from collections import OrderedDict
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp.server.request_state import RequestStateSecurity

ANSWER_SECONDS = 600
_SPENT_KEPT = 10_000


class Questions:
    """Recognises what was asked, over all requests of this process."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._keys = (token_bytes(32),)
        self._spent: OrderedDict[str, None] = OrderedDict()

    def sealed_for(self, caller: str) -> "RequestStateSecurity":
        """How the library seals states for this caller."""
        from mcp.server.request_state import RequestStateSecurity

        return RequestStateSecurity(
            keys=self._keys, ttl=ANSWER_SECONDS, audience="orcheo", bind_principal=lambda _context: caller
        )

    @staticmethod
    def state_of(question: str) -> str:
        """What the client has to send back with the answer."""
        return f"{token_hex(12)} {question}"

    def take(self, state: str | None, question: str) -> bool:
        """Whether an opened ``state`` stands for this question and was not used yet; now it is."""
        number, _, asked = (state or "").partition(" ")
        if asked != question or number in self._spent:
            return False
        self._spent[number] = None
        if len(self._spent) > _SPENT_KEPT:
            self._spent.popitem(last=False)
        return True
