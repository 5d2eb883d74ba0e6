"""The operator's rules by which people who sign in at an identity provider are owners.

``ORCHEO_OWNERS`` is the path of a JSON file, or JSON itself: a list of objects with ``issuer``, one of ``sub``,
``email``, ``email_domain`` and ``group`` (with ``claim`` where the claim is not ``groups``), ``owner`` and ``scopes``.
"""

from collections.abc import Collection, Mapping

from attrs import frozen

from orcheo_adapters.settings.providers import load_list
from orcheo_core.domain.actor import Actor, Scope
from orcheo_core.domain.owner_rule import OwnerRule, RuleKind
from orcheo_core.errors import FieldError, InvalidInput

OWNERS = "ORCHEO_OWNERS"
_HINT = "See docs/how-to/open-canvas.md."


@frozen(kw_only=True)
class _Entry:
    issuer: str
    owner: str
    scopes: tuple[str, ...]
    sub: str | None = None
    email: str | None = None
    email_domain: str | None = None
    group: str | None = None
    claim: str = "groups"


def owner_rules(environment: Mapping[str, str], issuers: Collection[str]) -> tuple[OwnerRule, ...]:
    """All rules in their order; raises :class:`InvalidInput`, which names the rule and the field.

    ``issuers`` are those of the identity providers that are registered.
    """
    text = environment.get(OWNERS, "").strip()
    if not text:
        return ()
    from orcheo_adapters.wire.strict import StrictDecoder

    decoder = StrictDecoder(forbid_extra_keys=True)
    documents = {f"{OWNERS}[{index}]": each for index, each in enumerate(load_list(text, OWNERS, _HINT))}
    return tuple(_rule(decoder.decode(each, _Entry, path=path), path, issuers) for path, each in documents.items())


def _rule(entry: _Entry, path: str, issuers: Collection[str]) -> OwnerRule:
    if entry.issuer not in issuers:
        raise _wrong(
            f"{path}.issuer", "must be the issuer of an identity provider that is registered, letter for letter"
        )
    named = [(kind, value) for kind in RuleKind if (value := getattr(entry, kind)) is not None]
    if len(named) != 1:
        raise _wrong(path, f"must have one of {', '.join(RuleKind)}")
    unknown = [each for each in entry.scopes if each not in set(Scope)]
    if unknown:
        raise _wrong(f"{path}.scopes", f"must be some of {', '.join(Scope)}")
    [(kind, value)] = named
    try:
        return OwnerRule(
            issuer=entry.issuer,
            kind=kind,
            value=value,
            claim=entry.claim,
            owner=Actor(entry.owner),
            scopes=frozenset(map(Scope, entry.scopes)),
        )
    except ValueError as error:
        raise _wrong(path, str(error)) from None


def _wrong(path: str, message: str) -> InvalidInput:
    return InvalidInput(FieldError(path, message), hint=_HINT)
