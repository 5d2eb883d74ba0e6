"""Who a visitor's request is from."""

from starlette.requests import Request

from orcheo_adapters.http.cookies import login_of
from orcheo_adapters.http.parts import parts_of
from orcheo_adapters.http.requests import address_of, authenticated, bearer
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX
from orcheo_core.errors import GrantInvalid
from orcheo_core.services.visitors.admitting import Visit


async def visit_of(request: Request) -> Visit:
    """The visit that the request's chat grant or publish token stands for; see :class:`Admitting` for refusals."""
    credential = bearer(request)
    if credential is None:
        raise GrantInvalid("This needs a chat grant or a publish token.")
    admitting, address = parts_of(request).core.admitting, address_of(request)
    if credential.startswith(PUBLISH_TOKEN_PREFIX):
        login = login_of(request)
        return await authenticated(
            request, lambda: admitting.visit_by_publish_token(credential, login, address=address)
        )
    return await authenticated(request, lambda: admitting.visit_by_grant(credential, address=address))
