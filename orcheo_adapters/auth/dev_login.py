"""Trial sign-in: a form on this machine in place of an identity provider. Visitors sign in under any name."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from orcheo_core.domain.login import LONGEST_SUB, Identity, shown_name
from orcheo_core.errors import LoginDenied
from orcheo_core.ports.identity import IdentityProvider, LoginAttempt

DEV_LOGIN_NAME = "trial"
DEV_LOGIN_ISSUER = "urn:orcheo:trial-sign-in"
"""No identity provider can have it: theirs are URLs."""


class DevIdentityProvider(IdentityProvider):
    """Sends the browser to the form, and takes the name that was written there for who it is."""

    name = DEV_LOGIN_NAME
    title = "Trial sign-in (no password)"
    issuer = DEV_LOGIN_ISSUER

    def __init__(self, form_url: str) -> None:
        """``form_url`` is where the form is."""
        self._form_url = form_url

    async def begin(self, attempt: LoginAttempt) -> str:
        """See the port."""
        return f"{self._form_url}?{urlencode({'state': attempt.state})}"

    async def finish(self, attempt: LoginAttempt, answer: Mapping[str, str]) -> Identity:  # noqa: ARG002 - of the port
        """See the port; the name is what the form calls ``code``, as the addresses of a login attempt have it."""
        name = shown_name(answer.get("code", ""))
        sub = quote(name.casefold(), safe=" ")
        if not sub or len(sub) > LONGEST_SUB:
            raise LoginDenied("This name is empty or too long.", hint="Go back and write another one.")
        return Identity(issuer=DEV_LOGIN_ISSUER, sub=sub, display_name=name)
