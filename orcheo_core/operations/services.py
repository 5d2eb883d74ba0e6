"""What the handlers of operations work with.

A client imports the catalogue for its names and schemas, so nothing here imports a service.
"""

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from orcheo_core.domain.share_link import ShareLinks
    from orcheo_core.ports.notices import Notices
    from orcheo_core.services.owners.asking import Asking
    from orcheo_core.services.owners.audit import Auditing
    from orcheo_core.services.owners.identity_secrets import IdentitySecrets
    from orcheo_core.services.owners.keys import KeyRotation
    from orcheo_core.services.owners.probing import Probing
    from orcheo_core.services.owners.publishing import Publishing
    from orcheo_core.services.owners.sessions import OwnerSessions
    from orcheo_core.services.owners.space import Space
    from orcheo_core.services.owners.threads import Transcripts
    from orcheo_core.services.owners.tokens import OwnerAccess
    from orcheo_core.services.owners.usage import UsageByDay
    from orcheo_core.services.owners.workflows import Registering
    from orcheo_core.services.shared.page_reports import PageReports
    from orcheo_core.services.visitors.admitting import Admitting


@frozen(kw_only=True)
class OwnerServices:
    """The services behind the owner's operations."""

    registering: "Registering"
    publishing: "Publishing"
    probing: "Probing"
    owner_access: "OwnerAccess"
    owner_sessions: "OwnerSessions"
    transcripts: "Transcripts"
    usage: "UsageByDay"
    auditing: "Auditing"
    admitting: "Admitting"
    asking: "Asking"
    identity_secrets: "IdentitySecrets"
    key_rotation: "KeyRotation"
    notices: "Notices"
    space: "Space"
    page_reports: "PageReports"
    share_links: "ShareLinks"
