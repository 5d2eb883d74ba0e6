"""The visitor's way in: what the page needs, and chat sessions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.auth.visitor_cookie import VISITOR_COOKIE_LIFETIME
from orcheo_adapters.http.cookies import Cookie, cookie_of, login_of, set_cookie, set_login_cookie
from orcheo_adapters.http.parts import HttpParts, parts_of
from orcheo_adapters.http.problems import ProofOfWorkNeeded
from orcheo_adapters.http.requests import address_of, authenticated, bearer, forbid_cross_site, json_object
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.chatkit_requests import MESSAGE_LENGTH
from orcheo_adapters.wire.session_requests import SessionRequest, decode_session_request
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.login import Login
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import FieldError, GrantInvalid, InvalidInput
from orcheo_core.ports.identity import IdentityProvider
from orcheo_core.services.visitors.admitting import ChatGrant

if TYPE_CHECKING:
    from orcheo_adapters.auth.proof_of_work import ProofsOfWork

_NO_STORE = {"cache-control": "no-store"}


async def chat_info(request: Request) -> Response:
    """``GET /api/chat/{ref}``: what the page needs before a visitor is admitted."""
    core = parts_of(request).core
    await core.limiting.read_unknown(address=address_of(request))
    workflow = await core.admitting.public_workflow(request.path_params["ref"])
    publication = workflow.require_publication()
    return _json(
        {
            "id": workflow.id,
            "name": workflow.name,
            "require_login": publication.require_login,
            "login_url": _login_url(workflow) if core.signing_in.is_possible else None,
            "login_with": None if parts_of(request).dev_login else _only_title(core.signing_in.providers),
            "signed_in_as": _name_of(login_of(request)),
            "dev_login": parts_of(request).dev_login,
            "message_limit": MESSAGE_LENGTH,
            "look": {},
        }
    )


def _login_url(workflow: Workflow) -> str:
    return f"/auth/login?to=/chat/{workflow.handle}"


def _only_title(providers: Sequence[IdentityProvider]) -> str | None:
    """The name of the one identity provider; with several, the visitor chooses later."""
    return providers[0].title if len(providers) == 1 else None


def _name_of(login: Login | None) -> str | None:
    return login.identity.display_name if login else None


async def open_chat_session(request: Request) -> Response:
    """``POST /api/chat/{ref}/session``: a chat grant, by share link, by publish token, or for a grant still good."""
    forbid_cross_site(request)
    parts, ref = parts_of(request), request.path_params["ref"]
    asked = decode_session_request(await json_object(request))
    credential = _credential(request, asked)
    if credential is not None and not credential.startswith(PUBLISH_TOKEN_PREFIX):
        asked.name_nobody("cannot be changed by a renewal")
        return await _renew(request, parts, ref, credential)
    await parts.core.limiting.open_chat_session(address=address_of(request))
    if credential is None:
        asked.name_nobody("can only be used with a publish token")
        return await _open_by_link(request, parts, ref, asked.proof)
    login, app_user = login_of(request), asked.app_user
    grant = await authenticated(
        request, lambda: parts.core.admitting.by_publish_token(ref, credential, login, app_user=app_user)
    )
    return _grant_answer(request, grant, login)


def _credential(request: Request, asked: SessionRequest) -> str | None:
    """The one credential of the request; a second one, or one of another kind, is refused rather than ignored."""
    credential = bearer(request)
    if credential is None and "authorization" in request.headers:
        raise GrantInvalid(
            "The Authorization header is not of the form `Bearer <credential>`.",
            hint="Send a publish token or a chat grant in that form; leave the header out to use the share link.",
        )
    if credential is not None and asked.publish_token not in {None, credential}:
        raise InvalidInput(
            FieldError("publish_token", "must be left out when the Authorization header holds another credential")
        )
    return credential or asked.publish_token


async def _renew(request: Request, parts: HttpParts, ref: str, credential: str) -> Response:
    login = login_of(request)
    grant = await authenticated(request, lambda: parts.core.admitting.renew(ref, credential, login))
    await parts.core.limiting.read(grant.claims.subject, address=address_of(request))
    return _grant_answer(request, grant, login)


async def _open_by_link(request: Request, parts: HttpParts, ref: str, proof: object) -> Response:
    login = login_of(request)
    if login is None and parts.proofs_of_work is not None:
        await _require_work(parts, parts.proofs_of_work, ref, proof)
    known = parts.visitor_cookies.read(cookie_of(request, Cookie.VISITOR) or "")
    visitor_id = known or parts.core.identifiers.new(IdKind.VISITOR)
    response = _grant_answer(
        request, await parts.core.admitting.by_link(ref, Subject.anonymous(visitor_id), login), login
    )
    if login is None:
        set_cookie(request, response, Cookie.VISITOR, parts.visitor_cookies.issue(visitor_id), VISITOR_COOKIE_LIFETIME)
    return response


async def _require_work(parts: HttpParts, proofs: "ProofsOfWork", ref: str, proof: object) -> None:
    """An anonymous visitor who comes among many shows a proof of work."""
    workflow = await parts.core.admitting.public_workflow(ref)
    if not await parts.core.limiting.is_under_pressure(workflow.id):
        return
    if not isinstance(proof, str) or not await proofs.accepts(proof, workflow.id):
        raise ProofOfWorkNeeded(proofs.challenge(workflow.id))


def _grant_answer(request: Request, grant: ChatGrant, login: Login | None) -> Response:
    """The grant, and who it is for as far as a login says; which has been used by that."""
    claims = grant.claims
    response = _json(
        {
            "client_secret": grant.text,
            "expires_in": int((claims.expires_at - claims.issued_at).total_seconds()),
            "expires_at": claims.expires_at.isoformat(),
            "signed_in_as": _name_of(login),
        }
    )
    if login is not None:
        set_login_cookie(request, response, login)
    return response


def _json(document: dict[str, object]) -> Response:
    return Response(encode_json(document), headers=_NO_STORE, media_type="application/json")
