"""The operator's rules for owners: read strictly, named exactly when they are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from orcheo_adapters.auth.dev_login import DEV_LOGIN_ISSUER
from orcheo_adapters.settings.server import ServerSettings
from orcheo_core.domain.actor import Actor, Scope
from orcheo_core.domain.owner_rule import OwnerRule, RuleKind
from orcheo_core.errors import InvalidInput

ISSUER = "https://login.example.org"
PROVIDER = {"ORCHEO_OIDC_ISSUER": ISSUER, "ORCHEO_OIDC_CLIENT_ID": "x"}
RULE: dict[str, Any] = {"issuer": ISSUER, "sub": "a1", "owner": "ada", "scopes": ["workflows:read"]}


def load(value: object, **more: str) -> ServerSettings:
    """The settings with this in ``ORCHEO_OWNERS``."""
    text = value if isinstance(value, str) else json.dumps(value)
    return ServerSettings.load(environment={**PROVIDER, "ORCHEO_OWNERS": text, **more})


def wrong(value: object, **more: str) -> tuple[str, str]:
    """Which setting is wrong, and why."""
    with pytest.raises(InvalidInput) as caught:
        load(value, **more)
    return caught.value.fields[0].path, caught.value.fields[0].message


def test_nobody_is_an_owner_by_default() -> None:
    """Whatever providers are registered."""
    assert ServerSettings.load(environment=PROVIDER).owner_rules == ()
    assert load(" ").owner_rules == ()
    assert load([]).owner_rules == ()


def test_rules_are_read_in_their_order(tmp_path: Path) -> None:
    """From the variable itself, or from a file."""
    group = {
        "issuer": ISSUER,
        "group": "owners",
        "claim": "roles",
        "owner": "team",
        "scopes": ["operator", "audit:read"],
    }
    expected = (
        OwnerRule(
            issuer=ISSUER,
            kind=RuleKind.SUB,
            value="a1",
            owner=Actor("ada"),
            scopes=frozenset({Scope.WORKFLOWS_READ}),
        ),
        OwnerRule(
            issuer=ISSUER,
            kind=RuleKind.GROUP,
            value="owners",
            claim="roles",
            owner=Actor("team"),
            scopes=frozenset({Scope.OPERATOR, Scope.AUDIT_READ}),
        ),
    )
    assert load([RULE, group]).owner_rules == expected
    file = tmp_path / "owners.json"
    file.write_text(json.dumps([RULE, group]))
    assert load(str(file)).owner_rules == expected


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ("nowhere.json", "ORCHEO_OWNERS", "cannot be read"),
        ("[", "ORCHEO_OWNERS", "must be JSON"),
        ([{**RULE, "issuer": f"{ISSUER}/"}], "ORCHEO_OWNERS[0].issuer", "letter for letter"),
        ([RULE, {**RULE, "email": "a@b.example"}], "ORCHEO_OWNERS[1]", "must have one of"),
        ([{name: RULE[name] for name in ("issuer", "owner", "scopes")}], "ORCHEO_OWNERS[0]", "must have one of"),
        ([{**RULE, "scopes": ["everything"]}], "ORCHEO_OWNERS[0].scopes", "must be some of"),
        ([{**RULE, "scopes": []}], "ORCHEO_OWNERS[0]", "at least one"),
        ([{**RULE, "owner": "Ada L"}], "ORCHEO_OWNERS[0]", "1 to 63"),
        ([{**RULE, "group": 5}], "ORCHEO_OWNERS[0].group", "must be"),
        ([{**RULE, "emial": "x"}], "ORCHEO_OWNERS[0].emial", ""),
        ([{"issuer": ISSUER, "sub": "a"}], "ORCHEO_OWNERS[0].owner", ""),
    ],
)
def test_a_wrong_rule_is_named(value: object, path: str, message: str) -> None:
    """The server does not start with a rule that it does not understand."""
    found = wrong(value)
    assert found[0] == path
    assert message in found[1]


def test_a_file_must_hold_a_list(tmp_path: Path) -> None:
    """An object would be read as nothing."""
    file = tmp_path / "owners.json"
    file.write_text("{}")
    assert wrong(str(file)) == ("ORCHEO_OWNERS", "must be a list of objects")


def test_the_trial_sign_in_makes_no_owners() -> None:
    """Anyone on the machine could be anyone there."""
    rule = {**RULE, "issuer": DEV_LOGIN_ISSUER}
    assert wrong([rule], ORCHEO_DEV_LOGIN="on")[0] == "ORCHEO_OWNERS[0].issuer"


def test_more_scopes_can_be_asked_for() -> None:
    """Some providers name groups only to those that ask."""
    (provider,) = load([], ORCHEO_OIDC_MORE_SCOPES="groups  roles").identity_providers
    assert provider.more_scopes == ("groups", "roles")
    path, message = wrong([], ORCHEO_OIDC_MORE_SCOPES='a"b')
    assert (path, "printable" in message) == ("ORCHEO_OIDC_MORE_SCOPES", True)
