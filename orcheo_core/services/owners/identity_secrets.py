"""Identity secrets: by which the server of another site signs who its visitors are."""

from datetime import timedelta

from attrs import define, field, frozen

from orcheo_core.domain.actor import Caller
from orcheo_core.domain.audit import Act
from orcheo_core.domain.host_identity import IDENTITY_SECRET_PREFIX, IdentityKey
from orcheo_core.domain.opaque_token import PepperRing
from orcheo_core.domain.workflow import Workflow
from orcheo_core.ports.clock import Clock
from orcheo_core.ports.entropy import Entropy
from orcheo_core.ports.unit_of_work import Store
from orcheo_core.services.owners.workflows import find_own
from orcheo_core.services.shared.audit_trail import AuditTrail


@frozen(kw_only=True)
class IdentitySecret:
    """A workflow with a new identity secret, whose text is shown this once."""

    workflow: Workflow
    text: str = field(repr=False)


@define(kw_only=True, eq=False)
class IdentitySecrets:
    """Makes them; they are derived from the server's pepper, so the database holds none."""

    _store: Store
    _clock: Clock
    _entropy: Entropy
    _peppers: PepperRing
    _audit_trail: AuditTrail

    async def rotate(self, caller: Caller, ref: str, *, grace: timedelta) -> IdentitySecret:
        """The first secret of a workflow, or another one; what the old one signs is believed for ``grace`` longer.

        Raises :class:`WorkflowNotFound`, :class:`ConcurrentChange`.
        """
        now = self._clock.now()
        change = self._store.begin()
        found = await find_own(change, caller, ref)
        secret, pepper_id = self._peppers.derive(IDENTITY_SECRET_PREFIX, found.id, self._entropy.random_bytes)
        key = IdentityKey(id=secret.public_id, pepper_id=pepper_id, issued_at=now)
        workflow = found.identity_rotated(key, at=now, grace=grace)
        change.workflows.save(workflow)
        note = f"identity secret {secret.hint}"
        if found.identity_keys:
            note += f", grace {int(grace.total_seconds())} s"
        self._audit_trail.record(change, Act.IDENTITY_SECRET_ROTATED, caller, workflow=workflow, note=note)
        await change.commit(must_land=True)
        return IdentitySecret(workflow=workflow, text=secret.reveal())

    async def before_rotate(self, caller: Caller, ref: str) -> Workflow:
        """The workflow whose identity secret :meth:`rotate` would replace; raises as that does."""
        return await find_own(self._store.begin(), caller, ref)
