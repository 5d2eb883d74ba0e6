"""The visitor's way in: what the page needs, and chat sessions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import asdict, frozen
from starlette.requests import Request
from starlette.responses import Response

from orcheo_adapters.http.answers import NO_STORE
from orcheo_adapters.http.cookies import Cookies
from orcheo_adapters.http.problems import ProofOfWorkNeeded
from orcheo_adapters.http.requests import address_of, bearer, json_object
from orcheo_adapters.wire.chatkit_answers import encode_json
from orcheo_adapters.wire.chatkit_requests import MESSAGE_LENGTH
from orcheo_adapters.wire.session_requests import SessionRequest, decode_session_request
from orcheo_core.domain.ids import IdKind
from orcheo_core.domain.login import Login
from orcheo_core.domain.look import Look
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import Workflow
from orcheo_core.errors import FieldError, GrantInvalid, InvalidInput
from orcheo_core.ports.identity import IdentityProvider
from orcheo_core.services.shared.identifiers import Identifiers
from orcheo_core.services.shared.limiting import Limiting
from orcheo_core.services.visitors.admitting import Admitting, ChatGrant
from orcheo_core.services.visitors.signing_in import SigningIn
from orcheo_core.turns.engine import TurnEngine
from orcheo_core.turns.register import CANCELLED, Place, Register

if TYPE_CHECKING:
    from orcheo_adapters.auth.proof_of_work import ProofsOfWork


@frozen(kw_only=True)
class ChatInfo:
    """Says what a page has to know of a chat before its visitor is admitted."""

    admitting: Admitting
    limiting: Limiting
    signing_in: SigningIn
    cookies: Cookies
    dev_login: bool
    """Whether the trial sign-in is on, which every page must show."""
    contact: str
    """Where visitors reach the operator, ``mailto:`` or ``https:``; empty for nowhere."""
    dictation: bool
    """Whether the server turns speech into text."""
    telemetry: bool
    """Whether the page should report what happens in it."""
    engine: TurnEngine

    async def answer(self, request: Request) -> Response:
        """``GET /api/chat/{ref}``: what the page needs before a visitor is admitted."""
        await self.limiting.read_unknown(address=address_of(request))
        workflow = await self.admitting.public_workflow(request.path_params["ref"])
        publication = workflow.require_publication()
        return _json(
            {
                "id": workflow.id,
                "name": workflow.name,
                "require_login": publication.require_login,
                "login_url": _login_url(workflow) if self.signing_in.is_possible else None,
                "login_with": None if self.dev_login else _only_title(self.signing_in.providers),
                "signed_in_as": _name_of(self.cookies.login(request)),
                "dev_login": self.dev_login,
                "message_limit": MESSAGE_LENGTH,
                "telemetry": self.telemetry,
                "look": _look(workflow.look, self.contact, dictation=await self._takes_recordings(workflow)),
            }
        )

    async def _takes_recordings(self, workflow: Workflow) -> bool:
        return self.dictation or await self.engine.takes_recordings(workflow)


def _look(look: Look, operators_contact: str, *, dictation: bool) -> dict[str, object]:
    """What visitors see of a look; the contact is the operator's where the owner names none."""
    accents = look.accents
    return {
        "greeting": look.greeting or None,
        "prompts": [asdict(each) for each in look.prompts],
        "placeholder": look.placeholder or None,
        "disclaimer": look.disclaimer or None,
        "accent": {"light": accents[0], "dark": accents[1]} if accents else None,
        "scheme": look.scheme,
        "contact": look.contact or operators_contact or None,
        "files": look.files == "on",
        "dictation": dictation,
        "models": [{"id": each.id, "label": each.label} for each in look.models],
        "tools": [asdict(each) for each in look.tools],
    }


def _login_url(workflow: Workflow) -> str:
    return f"/auth/login?to=/chat/{workflow.handle}"


def _only_title(providers: Sequence[IdentityProvider]) -> str | None:
    """The name of the one identity provider; with several, the visitor chooses later."""
    return providers[0].title if len(providers) == 1 else None


def _name_of(login: Login | None) -> str | None:
    return login.identity.display_name if login else None


@frozen(kw_only=True)
class ChatSessions:
    """Opens chat sessions, and ends them."""

    admitting: Admitting
    limiting: Limiting
    register: Register
    cookies: Cookies
    identifiers: Identifiers
    proofs_of_work: "ProofsOfWork | None"
    """None where the operator asks for no work."""

    async def open(self, request: Request) -> Response:
        """``POST /api/chat/{ref}/session``: a chat grant, by share link, by publish token, or for a valid grant."""
        ref = request.path_params["ref"]
        asked = decode_session_request(await json_object(request))
        credential = _credential(request, asked)
        address = address_of(request)
        if credential is not None and not credential.startswith(PUBLISH_TOKEN_PREFIX):
            asked.name_nobody("cannot be changed by a renewal")
            _refuse_identity(asked, "cannot be changed by a renewal")
            return await self._renew(request, ref, credential, asked)
        if credential is None:
            await self.limiting.open_chat_session(address=address)
            asked.name_nobody("can only be used with a publish token")
            if asked.identity is None:
                return await self._open_by_link(request, ref, asked)
            by_identity = self.admitting.by_identity(ref, asked.identity)
            return self._answer(await self.limiting.authenticate(by_identity, address=address), None, asked)
        _refuse_identity(asked, "must be left out with a publish token")
        program = await self.limiting.authenticate(self.admitting.program(credential), address=address)
        await self.limiting.open_chat_session_of_app(Subject.program(program.token.holder_id))
        login = self.cookies.login(request)
        by_token = self.admitting.by_publish_token(ref, credential, login, app_user=asked.app_user)
        return self._answer(await self.limiting.authenticate(by_token, address=address), login, asked)

    async def end(self, request: Request) -> Response:
        """``POST /api/chat/{ref}/session/end``: the session of a grant, and the identity that opened it, are over."""
        grant = bearer(request)
        identity = (await json_object(request)).get("identity")
        if grant is None:
            raise GrantInvalid
        if identity is not None and not isinstance(identity, str):
            raise InvalidInput(FieldError("identity", "must be a string"))
        leaving = self.admitting.leave(request.path_params["ref"], grant, identity)
        ended = await self.limiting.authenticate(leaving, address=address_of(request))
        self.register.stop(CANCELLED, Place(chat_session_id=ended.id))
        return Response(status_code=204, headers=NO_STORE)

    async def _login(self, request: Request, ref: str, asked: SessionRequest) -> Login | None:
        """The login of the request: by its pass in the frame of a bubble, else by its cookie."""
        if asked.login_pass is None:
            return self.cookies.login(request)
        workflow = await self.admitting.public_workflow(ref)
        return self.cookies.logins.read_pass(asked.login_pass, workflow.id)

    async def _renew(self, request: Request, ref: str, credential: str, asked: SessionRequest) -> Response:
        login, address = await self._login(request, ref, asked), address_of(request)
        grant = await self.limiting.authenticate(self.admitting.renew(ref, credential, login), address=address)
        await self.limiting.read(grant.claims.subject, address=address)
        return self._answer(grant, login, asked)

    async def _open_by_link(self, request: Request, ref: str, asked: SessionRequest) -> Response:
        login = await self._login(request, ref, asked)
        if login is None and self.proofs_of_work is not None:
            await self._require_work(self.proofs_of_work, ref, asked.proof)
        known = self.cookies.visitor(request, embedded=asked.embedded)
        visitor_id = known or self.identifiers.new(IdKind.VISITOR)
        grant = await self.admitting.by_link(ref, Subject.anonymous(visitor_id), login)
        response = self._answer(grant, login, asked)
        if login is None:
            self.cookies.set_visitor(response, visitor_id, embedded=asked.embedded)
        return response

    async def _require_work(self, proofs: "ProofsOfWork", ref: str, proof: object) -> None:
        """Ask for a proof of work while too many anonymous visitors come; raises :class:`ProofOfWorkNeeded`."""
        workflow = await self.admitting.public_workflow(ref)
        if not await self.limiting.is_under_pressure(workflow.id):
            return
        if not isinstance(proof, str) or not await proofs.accepts(proof, workflow.id):
            raise ProofOfWorkNeeded(proofs.challenge(workflow.id))

    def _answer(self, grant: ChatGrant, login: Login | None, asked: SessionRequest) -> Response:
        """The chat grant, and the name of who has signed in. A login that was used counts as seen just now."""
        claims, logins = grant.claims, self.cookies.logins
        response = _json(
            {
                "client_secret": grant.text,
                "expires_in": int((claims.expires_at - claims.issued_at).total_seconds()),
                "expires_at": claims.expires_at.isoformat(),
                "signed_in_as": _name_of(login),
                "login_pass": logins.issue_pass(login, claims.workflow_id) if login and asked.embedded else None,
            }
        )
        if login is not None and asked.login_pass is None:
            self.cookies.set_login(response, login)
        return response


def _refuse_identity(asked: SessionRequest, otherwise: str) -> None:
    if asked.identity is not None:
        raise InvalidInput(FieldError("identity", otherwise))


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


def _json(document: dict[str, object]) -> Response:
    return Response(encode_json(document), headers=NO_STORE, media_type="application/json")
