"""The body of a request for a chat session."""

from typing import Any

from attrs import fields_dict, frozen
from cattrs import Converter

from orcheo_adapters.wire.strict import StrictDecoder
from orcheo_core.domain.app_user import AppUser
from orcheo_core.errors import FieldError, InvalidInput

_ABOUT_THE_USER = ("user", "display_name", "metadata")
_OTHER_NAMES = ("end_user", "subject", "user_id", "visitor")


@frozen(kw_only=True)
class SessionRequest:
    """What may be said in it; ``proof`` is a proof of work.

    ``embedded`` comes from the frame of a bubble and its sign-in window; ``login_pass`` is the login cookie there,
    ``identity`` what the site around the bubble has signed.
    """

    publish_token: str | None = None
    user: str | None = None
    display_name: str | None = None
    metadata: dict[str, Any] | None = None
    proof: Any = None
    embedded: bool = False
    login_pass: str | None = None
    identity: str | None = None

    @property
    def app_user(self) -> AppUser | None:
        """Whom the app names; :class:`InvalidInput` for something about a user who is not named."""
        if self.user is None:
            self.name_nobody("needs `user` as well")
            return None
        return AppUser(user=self.user, display_name=self.display_name, metadata=self.metadata or {})

    def name_nobody(self, otherwise: str) -> None:
        """Raise :class:`InvalidInput` with this message if something is said about a user."""
        said = [name for name in _ABOUT_THE_USER if getattr(self, name) is not None]
        if said:
            raise InvalidInput(
                *(FieldError(name, otherwise) for name in said),
                hint="An app names its users when it opens a chat session with its publish token.",
            )


def decode_session_request(document: dict[str, Any]) -> SessionRequest:
    """Decode a body; :class:`InvalidInput` names each field that is wrong or not known."""
    unknown = sorted(set(document) - set(fields_dict(SessionRequest)))
    if unknown:
        wrong = (FieldError(name, _unknown(name)) for name in unknown)
        raise InvalidInput(*wrong, hint=f"Known fields are {', '.join(fields_dict(SessionRequest))}.")
    return _DECODER.decode(document, SessionRequest)


def _unknown(name: str) -> str:
    return "is not known here; name the user of an app as `user`" if name in _OTHER_NAMES else "is not known here"


def _json_object(value: object, _converter: Converter) -> dict[str, Any]:
    if not isinstance(value, dict):
        message = "must be an object"
        raise TypeError(message)
    return value


_DECODER = StrictDecoder(forbid_extra_keys=True)
_DECODER.register(dict[str, Any], _json_object)
