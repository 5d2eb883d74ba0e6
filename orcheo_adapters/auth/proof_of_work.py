"""Proof of work for anonymous visitors, by ALTCHA: a second of a browser's time, which a crowd of programs pays too.

A challenge is signed, for one workflow, good for five minutes and for one answer. PBKDF2 is as quick in a browser as
anywhere else, so a program has no advantage.
"""

import hmac
import json
from base64 import b64decode
from datetime import datetime
from typing import Any

import altcha

from orcheo_adapters.auth.spent_ids import SpentIds
from orcheo_core.domain.keeping import CHALLENGE_LIFETIME
from orcheo_core.ports.clock import Clock
from orcheo_core.services.shared.identifiers import Identifiers

_PURPOSE = b"orcheo.proof-of-work.v1"
_ALGORITHM, _COST, _PREFIX = "PBKDF2/SHA-256", 5_000, "00"
"""256 attempts on average, of 5,000 iterations each."""

_LONGEST = 4_000


class ProofsOfWork:
    """Makes challenges and takes each solution once."""

    def __init__(self, keys: tuple[bytes, ...], *, clock: Clock, identifiers: Identifiers, spent: SpentIds) -> None:
        """``keys``: newest first; challenges are signed with the first one. ``spent``: solutions that were shown."""
        self._secret = hmac.digest(keys[0], _PURPOSE, "sha256")
        self._clock = clock
        self._identifiers = identifiers
        self._spent = spent

    def challenge(self, workflow_id: str) -> dict[str, Any]:
        """What a browser has to solve, as ALTCHA's JSON."""
        until = int((self._clock.now() + CHALLENGE_LIFETIME).timestamp())
        made = altcha.create_challenge(
            _ALGORITHM,
            _COST,
            key_prefix=_PREFIX,
            data={"workflow": workflow_id, "until": until, "made": self._identifiers.moment().isoformat()},
            hmac_secret=self._secret,
        )
        document: dict[str, Any] = made.to_dict()
        return document

    async def accepts(self, proof: str, workflow_id: str) -> bool:
        """Whether ``proof`` (ALTCHA's base64 payload) solves a challenge for this workflow, in time, the first time."""
        if len(proof) > _LONGEST or not altcha.verify_solution(proof, self._secret).verified:
            return False
        parameters = json.loads(b64decode(proof).decode())["challenge"]["parameters"]  # as ALTCHA has read it
        data = parameters["data"]
        if "made" not in data:  # of an earlier release
            return False
        made_at = datetime.fromisoformat(data["made"])
        in_time = self._clock.now().timestamp() < data["until"] and self._spent.remembers(made_at)
        is_for_this = in_time and data["workflow"] == workflow_id
        return is_for_this and await self._spent.spend(parameters["nonce"], made_at=made_at)
