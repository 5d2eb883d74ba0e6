"""Identity providers as operators register them."""

import json
from pathlib import Path

import pytest

from orcheo_adapters.settings.server import DevLoginBeyondLoopback, ServerSettings
from orcheo_core.errors import InvalidInput

SINGLE = {"ORCHEO_OIDC_ISSUER": "https://login.example.org", "ORCHEO_OIDC_CLIENT_ID": "orcheo"}
LISTED = {"name": "staff", "issuer": "https://login.example.org", "client_id": "orcheo"}


def load(**environment: str) -> ServerSettings:
    """Settings out of this environment alone."""
    return ServerSettings.load(environment={"ORCHEO_DATA_DIR": "unused", **environment})


def listed(*entries: object, **environment: str) -> ServerSettings:
    """Settings with this list of providers."""
    return load(ORCHEO_OIDC_PROVIDERS=json.dumps(entries), **environment)


def wrong(raised: "pytest.ExceptionInfo[InvalidInput]") -> str:
    """The setting that is named."""
    return raised.value.fields[0].path


def test_one_provider_takes_two_variables() -> None:
    """Visitors read the host that they are sent to; the secret is from the environment or a file, and never shown."""
    [found] = load(**SINGLE, ORCHEO_OIDC_CLIENT_SECRET=" secret ").identity_providers
    assert (found.name, found.title, found.client_secret) == ("main", "login.example.org", "secret")
    assert "secret '" not in repr(found)
    assert load().identity_providers == ()


def test_a_secret_can_be_in_a_file(tmp_path: Path) -> None:
    """Which is read at the start."""
    (tmp_path / "secret").write_text("from a file\n")
    [found] = load(**SINGLE, ORCHEO_OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret")).identity_providers
    assert found.client_secret == "from a file"


def test_several_are_a_list_or_a_file_with_one(tmp_path: Path) -> None:
    """Beside the single one."""
    entries = [LISTED | {"client_secret_env": "STAFF"}, LISTED | {"name": "partners", "title": "Partners"}]
    (tmp_path / "providers.json").write_text(json.dumps(entries))
    expected = listed(*entries, STAFF="s", **SINGLE).identity_providers
    assert [each.title for each in expected] == ["login.example.org", "staff", "Partners"]
    named = str(tmp_path / "providers.json")
    assert load(ORCHEO_OIDC_PROVIDERS=named, STAFF="s", **SINGLE).identity_providers == expected


def test_a_provider_can_be_told_more() -> None:
    """By variables or fields of the same meaning."""
    [found] = load(
        **SINGLE,
        ORCHEO_OIDC_PROMPT="login",
        ORCHEO_OIDC_MAX_AGE="3600",
        ORCHEO_OIDC_CLIENT_AUTH="post",
        ORCHEO_OIDC_AUDIENCES="https://a.example, b",
    ).identity_providers
    more = {"prompt": "login", "max_age": 3_600, "client_auth": "post", "audiences": ["https://a.example", "b"]}
    [entry] = listed(LISTED | more).identity_providers
    expected = ("login", 3_600, "post", ("https://a.example", "b"))
    for each in (found, entry):
        assert (each.prompt, each.max_age, each.client_auth, each.audiences) == expected


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        (SINGLE | {"ORCHEO_OIDC_PROMPT": "none"}, "ORCHEO_OIDC_PROMPT"),
        (SINGLE | {"ORCHEO_OIDC_MAX_AGE": "an hour"}, "ORCHEO_OIDC_MAX_AGE"),
        (SINGLE | {"ORCHEO_OIDC_MAX_AGE": "99999999"}, "ORCHEO_OIDC_MAX_AGE"),
        (SINGLE | {"ORCHEO_OIDC_CLIENT_AUTH": "jwt"}, "ORCHEO_OIDC_CLIENT_AUTH"),
        (SINGLE | {"ORCHEO_OIDC_AUDIENCES": "a" * 256}, "ORCHEO_OIDC_AUDIENCES"),
        ({"ORCHEO_OIDC_ISSUER": "http://login.example.org", "ORCHEO_OIDC_CLIENT_ID": "x"}, "ORCHEO_OIDC_ISSUER"),
        ({"ORCHEO_OIDC_ISSUER": "https://a.example/?x", "ORCHEO_OIDC_CLIENT_ID": "x"}, "ORCHEO_OIDC_ISSUER"),
        ({"ORCHEO_OIDC_ISSUER": "https://u:p@a.example", "ORCHEO_OIDC_CLIENT_ID": "x"}, "ORCHEO_OIDC_ISSUER"),
        ({"ORCHEO_OIDC_ISSUER": "https://a.example:port", "ORCHEO_OIDC_CLIENT_ID": "x"}, "ORCHEO_OIDC_ISSUER"),
        ({"ORCHEO_OIDC_ISSUER": "https://login.example.org"}, "ORCHEO_OIDC_CLIENT_ID"),
        ({**SINGLE, "ORCHEO_OIDC_CLIENT_SECRET_FILE": "/nowhere/secret"}, "ORCHEO_OIDC_CLIENT_SECRET_FILE"),
        (
            {**SINGLE, "ORCHEO_OIDC_CLIENT_SECRET_FILE": "/x", "ORCHEO_OIDC_CLIENT_SECRET": "x"},
            "ORCHEO_OIDC_CLIENT_SECRET_FILE",
        ),
        ({**SINGLE, "ORCHEO_OIDC_CLIENT_SECRET": " "}, "ORCHEO_OIDC_CLIENT_SECRET"),
        ({"ORCHEO_OIDC_PROVIDERS": "/nowhere.json"}, "ORCHEO_OIDC_PROVIDERS"),
        ({"ORCHEO_OIDC_PROVIDERS": "[{]"}, "ORCHEO_OIDC_PROVIDERS"),
        ({**SINGLE, "ORCHEO_PUBLIC_URL": "http://chat.example.org"}, "ORCHEO_PUBLIC_URL"),
    ],
)
def test_what_cannot_be_is_named(environment: dict[str, str], path: str) -> None:
    """By the variable."""
    with pytest.raises(InvalidInput) as raised:
        load(**environment)
    assert wrong(raised) == path


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (LISTED | {"name": "No name"}, "[0].name"),
        (LISTED | {"name": "trial"}, "[0].name"),
        (LISTED | {"issuer": "nowhere"}, "[0].issuer"),
        (LISTED | {"client_id": ""}, "[0].client_id"),
        (LISTED | {"client_secret": "in the open"}, "[0].client_secret"),
        (LISTED | {"client_secret_env": "NOT_SET"}, "[0].client_secret_env"),
        ({"name": "staff"}, "[0]"),
        ("staff", "[0]"),
    ],
)
def test_each_entry_is_read_strictly(entry: object, path: str) -> None:
    """The error names the place in the list."""
    with pytest.raises(InvalidInput) as raised:
        listed(entry)
    assert wrong(raised).startswith(f"ORCHEO_OIDC_PROVIDERS{path}")


def test_a_file_must_hold_a_list(tmp_path: Path) -> None:
    """Not an object."""
    (tmp_path / "providers.json").write_text("{}")
    with pytest.raises(InvalidInput, match="list"):
        load(ORCHEO_OIDC_PROVIDERS=str(tmp_path / "providers.json"))


def test_names_are_given_once() -> None:
    """They stand in addresses."""
    with pytest.raises(InvalidInput, match="a different name"):
        listed(LISTED, LISTED)


@pytest.mark.parametrize(
    "environment",
    [{"ORCHEO_HOST": "0.0.0.0"}, {"ORCHEO_PUBLIC_URL": "https://chat.example.org"}],
)
def test_the_trial_sign_in_never_leaves_this_machine(environment: dict[str, str]) -> None:
    """Neither by address nor through a proxy."""
    with pytest.raises(DevLoginBeyondLoopback):
        load(ORCHEO_DEV_LOGIN="on", **environment)
    assert load(ORCHEO_DEV_LOGIN="on").dev_login


def test_a_client_id_that_is_missing_is_told_as_missing() -> None:
    """What it may be made of says nothing to those who did not set it."""
    with pytest.raises(InvalidInput) as caught:
        ServerSettings.load(environment={"ORCHEO_OIDC_ISSUER": "https://login.example.org"})
    assert [(each.path, each.message) for each in caught.value.fields] == [("ORCHEO_OIDC_CLIENT_ID", "is not set")]
