"""What a ChatKit server is given as its context: what is known of the visitor, and a request as frameworks have it."""

from typing import Any, NoReturn

from attrs import asdict, field, frozen
from starlette.requests import Request

from orcheo_core.domain.run import RunContext


@frozen(kw_only=True)
class Visitor:
    """What is known of the visitor and of the page, beside the message."""

    subject: str
    user: str | None
    display_name: str | None
    locale: str | None
    thread_id: str
    workflow_id: str
    metadata: dict[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, context: RunContext) -> "Visitor":
        """As the run context says it."""
        user = context.app_user
        return cls(
            subject=context.subject.key,
            user=user.user if user else None,
            display_name=context.display_name,
            locale=context.locale,
            thread_id=context.thread_id,
            workflow_id=context.workflow_id,
            metadata=context.metadata,
        )

    def as_dict(self) -> dict[str, Any]:
        """By name."""
        return asdict(self, recurse=False)


class VisitorRequest(Request):
    """A request of Starlette's, as code beside a ``ChatKitServer`` expects one: headers, and a state with the rest."""

    def url_for(self, name: str, /, **_path_params: Any) -> NoReturn:
        """Refused: the routes of the server's former application are not here."""
        problem = f"Orcheo does not have the route {name!r}: it takes uploads and serves files at its own addresses."
        raise LookupError(problem)


def visitor_request(context: RunContext) -> VisitorRequest:
    """The request of a visitor; ``request.state`` has the fields of :class:`Visitor`."""
    visitor = Visitor.of(context)
    given = ({"accept-language": visitor.locale} if visitor.locale else {}) | context.headers
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in given.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/chatkit",
        "query_string": b"",
        "headers": headers,
        "state": visitor.as_dict(),
    }
    return VisitorRequest(scope)
