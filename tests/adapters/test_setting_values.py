"""Settings of limits, proxies and origins."""

from datetime import timedelta

import pytest

from orcheo_adapters.http.client_address import TrustedProxies
from orcheo_adapters.http.connections import ConnectionLimits
from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.settings.values import RATE_SETTINGS
from orcheo_core.domain.budget import BUDGETS, Budget, BudgetPlan, Unit
from orcheo_core.domain.rate import Rate, RatePlan
from orcheo_core.errors import InvalidInput


def load(**environment: str) -> ServerSettings:
    """Settings out of this environment alone."""
    return ServerSettings.load(environment={"ORCHEO_DATA_DIR": "unused", **environment})


def test_nothing_set_means_the_rates_as_they_come_no_proxy_no_other_origin() -> None:
    """Safe without a word of configuration."""
    settings = load()
    assert settings.rate_plan == RatePlan()
    assert settings.trusted_proxies == TrustedProxies()
    assert settings.allowed_origins == frozenset()
    assert settings.allow_remote is False
    assert settings.retention is None


def test_retention_is_a_number_of_days() -> None:
    """Or off, as when nothing is said."""
    assert load(ORCHEO_RETENTION_DAYS="30").retention == timedelta(days=30)
    assert load(ORCHEO_RETENTION_DAYS="off").retention is None


@pytest.mark.parametrize(("name", "field"), RATE_SETTINGS.items())
def test_each_rate_has_a_setting(name: str, field: str) -> None:
    """It changes this rate and no other, and ``off`` switches it off."""
    changed = load(**{name: "3/hour"}).rate_plan
    assert getattr(changed, field) == Rate(amount=3, seconds=3_600)
    others = set(RATE_SETTINGS.values()) - {field}
    assert all(getattr(changed, each) == getattr(RatePlan(), each) for each in others)
    assert getattr(load(**{name: "off"}).rate_plan, field) is None


def test_off_is_off_for_all() -> None:
    """Whatever else is set."""
    assert load(ORCHEO_LIMITS="off", ORCHEO_LIMIT_READS="3/hour").rate_plan == RatePlan.unlimited()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORCHEO_LIMITS", "perhaps"),
        ("ORCHEO_LIMIT_READS", "many"),
        ("ORCHEO_LIMIT_REQUESTS_BY_ADDRESS", "fast"),
        ("ORCHEO_LIMIT_CONNECTIONS", "0"),
        ("ORCHEO_LIMIT_CONNECTIONS", "off"),
        ("ORCHEO_LIMIT_CONNECTIONS", "60001"),
        ("ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS", "0"),
        ("ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS", "some"),
        ("ORCHEO_LIMIT_READS", "0/minute"),
        ("ORCHEO_LIMIT_READS", "0"),
        ("ORCHEO_LIMIT_REQUESTS_BY_ADDRESS", "0"),
        ("ORCHEO_PROOF_OF_WORK_ABOVE", "0"),
        ("ORCHEO_TRUSTED_PROXIES", "everybody"),
        ("ORCHEO_ALLOW_REMOTE", "maybe"),
        ("ORCHEO_LOG_LEVEL", "loud"),
        ("ORCHEO_RETENTION_DAYS", "0"),
        ("ORCHEO_RETENTION_DAYS", "a year"),
        ("ORCHEO_ATTACHMENT_TYPES", "zip"),
        ("ORCHEO_ATTACHMENT_TYPES", "image/*"),
        ("ORCHEO_ATTACHMENT_TYPES", "text/html"),
        ("ORCHEO_ATTACHMENT_TYPES", "application/zip, image/svg+xml"),
        ("ORCHEO_ALLOWED_HOSTS", "*"),
        ("ORCHEO_ALLOWED_HOSTS", "https://chat.example.org"),
        ("ORCHEO_ALLOWED_HOSTS", "chat.example.org:8700"),
        ("ORCHEO_ALLOWED_ORIGINS", "*"),
        ("ORCHEO_ALLOWED_ORIGINS", "https://*.example.org"),
        ("ORCHEO_ALLOWED_ORIGINS", "https://shop.example.org/"),
        ("ORCHEO_ALLOWED_ORIGINS", "https://Shop.example.org"),
        ("ORCHEO_ALLOWED_ORIGINS", "shop.example.org"),
        ("ORCHEO_ALLOWED_ORIGINS", "https://a:b@shop.example.org"),
        ("ORCHEO_ALLOWED_ORIGINS", "null"),
        ("ORCHEO_CONTACT", "http://example.org"),
        ("ORCHEO_CONTACT", "the operator"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(name: str, value: str) -> None:
    """The server does not start on a guess."""
    with pytest.raises(InvalidInput) as refused:
        load(**{name: value})
    assert [each.path for each in refused.value.fields] == [name]


def test_the_log_can_be_louder_or_quieter() -> None:
    """By name."""
    assert (load().log_level, load(ORCHEO_LOG_LEVEL="Debug").log_level) == (20, 10)


def test_an_operator_lets_visitors_send_more_types() -> None:
    """They come on top of the usual ones."""
    types = load(ORCHEO_ATTACHMENT_TYPES="Application/Zip, audio/mpeg,").attachment_rules.types
    assert types - load().attachment_rules.types == {"application/zip", "audio/mpeg"}


def test_origins_are_taken_as_written() -> None:
    """Several, with commas."""
    origins = "https://shop.example.org, http://localhost:5173"
    assert load(ORCHEO_ALLOWED_ORIGINS=origins).allowed_origins == {
        "https://shop.example.org",
        "http://localhost:5173",
    }


def test_an_operator_names_a_contact() -> None:
    """An address becomes a link; none is none."""
    assert load(ORCHEO_CONTACT="help@example.org").contact == "mailto:help@example.org"
    assert load(ORCHEO_CONTACT=" ").contact == ""


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda each: each.policy)
def test_each_budget_has_a_setting(budget: Budget) -> None:
    """It changes this budget and no other, and ``off`` switches it off."""
    text, amount = ("3 KiB", 3_072) if budget.resource.unit is Unit.BYTES else ("3", 3)
    assert load(**{budget.setting: text}).budgets == BudgetPlan(changed={budget: amount})
    assert load(**{budget.setting: "off"}).budgets == BudgetPlan(changed={budget: None})


@pytest.mark.parametrize("text", ["0", "-1", "lots", "1 TiB", "0 MiB"])
@pytest.mark.parametrize("budget", BUDGETS, ids=lambda each: each.policy)
def test_a_budget_that_makes_no_sense_stops_the_start(budget: Budget, text: str) -> None:
    """With a sentence that names the setting."""
    with pytest.raises(InvalidInput) as caught:
        load(**{budget.setting: text})
    assert [each.path for each in caught.value.fields] == [budget.setting]


def test_no_budget_for_files_is_larger_than_the_disk() -> None:
    """It would promise what cannot be."""
    with pytest.raises(InvalidInput, match="larger than the disk"):
        load(ORCHEO_LIMIT_UNSENT_BYTES_BY_SERVER="9999999 GB")


def test_limits_off_switches_the_budgets_off_too() -> None:
    """Whatever else is set."""
    assert load(ORCHEO_LIMITS="off", ORCHEO_LIMIT_UNSENT_FILES_BY_VISITOR="3").budgets == BudgetPlan.unlimited()


def test_connections_and_the_pace_of_requests_have_settings() -> None:
    """Each can be switched off, but for the number of connections in all: there are only as many descriptors."""
    usual = load()
    assert (usual.pace, usual.connection_limits.most_by_address) == (Rate(amount=100, seconds=1), 512)
    changed = load(
        ORCHEO_LIMIT_CONNECTIONS="2000",
        ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS="50",
        ORCHEO_LIMIT_REQUESTS_BY_ADDRESS="5/second",
        ORCHEO_TRUSTED_PROXIES="1",
    )
    assert changed.pace == Rate(amount=5, seconds=1)
    assert changed.connection_limits == ConnectionLimits(
        most=2_000, most_by_address=50, proxies=TrustedProxies(count=1)
    )
    without = load(ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS="off", ORCHEO_LIMIT_REQUESTS_BY_ADDRESS="off")
    assert (without.pace, without.connection_limits.most_by_address) == (None, None)
    unlimited = load(ORCHEO_LIMITS="off", ORCHEO_LIMIT_CONNECTIONS="9")
    assert (unlimited.pace, unlimited.connection_limits) == (None, ConnectionLimits(most=9, most_by_address=None))
