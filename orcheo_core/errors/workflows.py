"""What an owner meets who registers, publishes, archives and tries workflows."""

from orcheo_core.errors.families import ConflictError, NotFoundError, OrcheoError


class WorkflowNotFound(NotFoundError):
    """No workflow of this owner has that id or handle."""

    code = "workflow_not_found"
    summary = "No workflow has this id or handle."
    hint = "See `orcheo workflow list` for the ones you have."


class HandleTaken(ConflictError):
    """Handles are unique on a server."""

    code = "handle_taken"
    summary = "Another workflow has this handle."
    hint = "Choose another handle."


class AlreadyPublished(ConflictError):
    """Publishing a public workflow again would silently replace its publish token."""

    code = "already_published"
    summary = "This workflow is already public."
    hint = (
        "`orcheo workflow rotate-token` issues a new publish token, `orcheo workflow set-login` changes who may "
        "come in."
    )


class NotPublished(ConflictError):
    """Rotate, revoke and set-login need a public workflow."""

    code = "not_published"
    summary = "This workflow is private."
    hint = "A private workflow has no publish token and no login rule; `orcheo workflow publish` gives it both."


class NoIdentityProvider(ConflictError):
    """Visitors would have to sign in on a server that has no identity provider."""

    code = "no_identity_provider"
    summary = "This server has no identity provider, so no visitor could sign in."
    hint = "Set one up first (docs/how-to/ask-visitors-to-sign-in.md), or add --anyway."


class WorkflowArchived(ConflictError):
    """An archived workflow is not opened to visitors."""

    code = "workflow_archived"
    summary = "This workflow is archived."
    hint = "`orcheo workflow unarchive` brings it back; it can be published then."


class AlreadyArchived(ConflictError):
    """It was put aside before."""

    code = "already_archived"
    summary = "This workflow is already archived."
    hint = "`orcheo workflow unarchive` brings it back."


class NotArchived(ConflictError):
    """There is nothing to bring back."""

    code = "not_archived"
    summary = "This workflow is not archived."
    hint = "See its current state with `orcheo workflow show`."


class AuditBroken(ConflictError):
    """The hash chain of the audit is broken: the database was changed by hand."""

    code = "audit_broken"
    summary = "The audit was changed outside Orcheo."
    hint = "Keep the database file as evidence, and compare it with a backup."


class WorkflowCheckFailed(OrcheoError):
    """A probe turn got no answer; the detail names the cause, for the owner only."""

    code = "workflow_check_failed"
    summary = "The workflow did not answer a probe turn."
    hint = "Fix what the error names, then try again."


class NoAnswer(OrcheoError):
    """An owner asked a workflow, and its answer did not come to its end; the detail names the cause."""

    code = "no_answer"
    summary = "The workflow did not answer."
    hint = "`orcheo workflow check` tries it with one message; the server's log has the whole error."
