"""From the text of a setting to its value; every error names the setting."""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from attrs import evolve

from orcheo_adapters.http.client_address import TrustedProxies
from orcheo_adapters.http.connections import ConnectionLimits
from orcheo_adapters.runners.conditions import LONGEST_ANSWER
from orcheo_core.domain.attachments import AttachmentRules
from orcheo_core.domain.budget import BUDGETS, DATABASE_BYTES, KEPT_BYTES, UNSENT_BYTES, Budget, BudgetPlan
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.look import contact_link
from orcheo_core.domain.rate import Rate, RatePlan
from orcheo_core.domain.widgets import IMAGE_BYTES_MOST, WIDGET_BYTES_MOST, PartLimits
from orcheo_core.domain.workflow import TIME_LIMIT_MOST
from orcheo_core.errors import FieldError, InvalidInput

T = TypeVar("T")

RATE_SETTINGS = {
    "ORCHEO_LIMIT_TURNS_BY_ADDRESS": "turns_by_address",
    "ORCHEO_LIMIT_TURNS_BY_VISITOR": "turns_by_visitor",
    "ORCHEO_LIMIT_TURNS_BY_PROGRAM": "turns_by_program",
    "ORCHEO_LIMIT_TURNS_BY_WORKFLOW": "turns_by_workflow",
    "ORCHEO_LIMIT_CHAT_SESSIONS": "chat_sessions_by_address",
    "ORCHEO_LIMIT_CHAT_SESSIONS_BY_PROGRAM": "chat_sessions_by_program",
    "ORCHEO_LIMIT_LOGINS": "logins_by_address",
    "ORCHEO_LIMIT_TELEMETRY": "page_events_by_address",
    "ORCHEO_LIMIT_READS": "reads_by_subject",
    "ORCHEO_LIMIT_READS_BY_ADDRESS": "reads_by_address",
    "ORCHEO_LIMIT_FAILED_AUTHENTICATIONS": "failed_authentications_by_address",
}
"""Which rate each setting sets."""
DEFAULT_PACE = Rate(amount=100, seconds=1)
_MOST_CONNECTIONS = 60_000

_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_RETENTION_DAYS = 36_500
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_OFF = _NO - {"0"}
"""Switches a limit off; zero does not, as it reads like a limit that lets nothing through."""


def wrong_setting(name: str, message: str, *, hint: str | None = None) -> InvalidInput:
    """The error for an environment variable whose value is not understood."""
    return InvalidInput(FieldError(name, message), hint=hint or f"Correct {name} in the environment and start again.")


def yes_or_no(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    """``1``, ``true``, ``yes``, ``on`` or ``0``, ``false``, ``no``, ``off``."""
    return _read(environment, name, _yes_or_no, default)


def rate_plan(environment: Mapping[str, str]) -> RatePlan:
    """The rates; ``off`` for one of them, or ``ORCHEO_LIMITS=off`` for all."""
    work = _read(environment, "ORCHEO_PROOF_OF_WORK_ABOVE", _rate, None)
    if not yes_or_no(environment, "ORCHEO_LIMITS", default=True):
        return evolve(RatePlan.unlimited(), effortless_sessions_by_workflow=work)
    named = {each: name for name, each in RATE_SETTINGS.items() if environment.get(name)}
    plan = RatePlan(effortless_sessions_by_workflow=work)
    return evolve(plan, **{each: _read(environment, name, _rate, None) for each, name in named.items()})


def budgets(environment: Mapping[str, str], disk: int) -> BudgetPlan:
    """The budgets that settings change; ``off`` for one of them, or ``ORCHEO_LIMITS=off`` for all.

    ``disk`` is the number of bytes on the disk of the data folder: no budget for what lies on it can be larger.
    """
    if not yes_or_no(environment, "ORCHEO_LIMITS", default=True):
        return BudgetPlan.unlimited()
    named = (each for each in BUDGETS if environment.get(each.setting, "").strip())
    return BudgetPlan(
        changed={each: _read(environment, each.setting, partial(_budget, each, disk), None) for each in named}
    )


def _budget(budget: Budget, disk: int, text: str) -> int | None:
    if text.lower() in _OFF:
        return None
    amount = budget.parse(text)
    if budget.resource in {UNSENT_BYTES, KEPT_BYTES, DATABASE_BYTES} and amount > disk:
        message = f"must not be larger than the disk of the data folder, which has {disk:,} bytes"
        raise ValueError(message)
    return amount


def pace(environment: Mapping[str, str]) -> Rate | None:
    """``ORCHEO_LIMIT_REQUESTS_BY_ADDRESS``: how fast one address may begin requests; ``off`` for as fast as it can."""
    if not yes_or_no(environment, "ORCHEO_LIMITS", default=True):
        return None
    usual: Rate | None = DEFAULT_PACE
    return _read(environment, "ORCHEO_LIMIT_REQUESTS_BY_ADDRESS", _rate, usual)


def connection_limits(environment: Mapping[str, str]) -> ConnectionLimits:
    """``ORCHEO_LIMIT_CONNECTIONS`` and ``ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS``: how many may be open."""
    usual = ConnectionLimits()
    most = partial(_whole_number, unit="connections", least=1, most=_MOST_CONNECTIONS)
    is_on = yes_or_no(environment, "ORCHEO_LIMITS", default=True)
    by_address = _read(
        environment,
        "ORCHEO_LIMIT_CONNECTIONS_BY_ADDRESS",
        lambda text: None if text.lower() in _OFF else most(text),
        usual.most_by_address,
    )
    return ConnectionLimits(
        most=_read(environment, "ORCHEO_LIMIT_CONNECTIONS", most, usual.most),
        most_by_address=by_address if is_on else None,
        proxies=trusted_proxies(environment),
    )


def trusted_proxies(environment: Mapping[str, str]) -> TrustedProxies:
    """``ORCHEO_TRUSTED_PROXIES``: a number of proxies, or their addresses and networks."""
    return _read(environment, "ORCHEO_TRUSTED_PROXIES", _proxies, TrustedProxies())


def allowed_origins(environment: Mapping[str, str]) -> frozenset[str]:
    """``ORCHEO_ALLOWED_ORIGINS``: exact origins, with commas between them."""
    return _read(environment, "ORCHEO_ALLOWED_ORIGINS", _origins, frozenset())


def allowed_hosts(environment: Mapping[str, str]) -> frozenset[str]:
    """``ORCHEO_ALLOWED_HOSTS``: names that the server goes by besides the public URL's, with commas between them."""
    return _read(environment, "ORCHEO_ALLOWED_HOSTS", _hosts, frozenset())


def contact(environment: Mapping[str, str]) -> str:
    """``ORCHEO_CONTACT``: an e-mail address or an ``https://`` link for visitors."""
    return _read(environment, "ORCHEO_CONTACT", contact_link, "")


def public_url(environment: Mapping[str, str]) -> str | None:
    """``ORCHEO_PUBLIC_URL``: scheme, host and perhaps port, in the form that browsers give an origin."""
    return _read(environment, "ORCHEO_PUBLIC_URL", _public_url, None)


def attachment_rules(environment: Mapping[str, str]) -> AttachmentRules:
    """``ORCHEO_ATTACHMENT_TYPES``: media types that visitors may send besides the usual ones."""
    return _read(environment, "ORCHEO_ATTACHMENT_TYPES", _attachment_rules, AttachmentRules())


def log_level(environment: Mapping[str, str]) -> int:
    """``ORCHEO_LOG_LEVEL``: ``debug``, ``info``, ``warning`` or ``error``."""
    return _read(environment, "ORCHEO_LOG_LEVEL", _log_level, logging.INFO)


def flags(environment: Mapping[str, str]) -> dict[Flag, bool]:
    """``ORCHEO_CHATKIT_PUBLISH_ENABLED`` and its like; on when nothing is said."""
    return {flag: yes_or_no(environment, f"ORCHEO_{flag.value.upper()}", default=True) for flag in Flag}


def longest_answer(environment: Mapping[str, str]) -> int:
    """``ORCHEO_LONGEST_ANSWER_SECONDS``: what a workflow's own time limit may be at most."""
    return _read(environment, "ORCHEO_LONGEST_ANSWER_SECONDS", _longest_answer, LONGEST_ANSWER)


def _longest_answer(text: str) -> int:
    return _whole_number(text, "seconds", 1, TIME_LIMIT_MOST)


def part_limits(environment: Mapping[str, str]) -> PartLimits:
    """``ORCHEO_WIDGET_BYTES`` and ``ORCHEO_IMAGE_BYTES``: the largest widget and image of a workflow."""
    usual = PartLimits()
    widget = partial(_whole_number, unit="bytes", least=1_000, most=WIDGET_BYTES_MOST)
    image = partial(_whole_number, unit="bytes", least=1_000, most=IMAGE_BYTES_MOST)
    return PartLimits(
        widget_bytes=_read(environment, "ORCHEO_WIDGET_BYTES", widget, usual.widget_bytes),
        image_bytes=_read(environment, "ORCHEO_IMAGE_BYTES", image, usual.image_bytes),
    )


def _whole_number(text: str, unit: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        message = f"must be a whole number of {unit} from {least} to {most}"
        raise ValueError(message)
    return int(text)


def retention(environment: Mapping[str, str]) -> timedelta | None:
    """``ORCHEO_RETENTION_DAYS``: a number of days, or ``off``."""
    return _read(environment, "ORCHEO_RETENTION_DAYS", _retention, None)


def _retention(text: str) -> timedelta | None:
    if text.lower() in _OFF:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_RETENTION_DAYS:
        message = f"must be a whole number of days from 1 to {_MAX_RETENTION_DAYS}, or off"
        raise ValueError(message)
    return timedelta(days=int(text))


def _read(environment: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise wrong_setting(name, str(error)) from None


def _log_level(text: str) -> int:
    if text.lower() not in _LEVELS:
        message = f"must be one of {', '.join(_LEVELS)}"
        raise ValueError(message)
    return _LEVELS[text.lower()]


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        message = "must be on or off"
        raise ValueError(message)
    return text.lower() in _YES


def _rate(text: str) -> Rate | None:
    return None if text.lower() in _OFF else Rate.parse(text)


def _proxies(text: str) -> TrustedProxies:
    try:
        return TrustedProxies.parse(text)
    except ValueError:
        message = "must be a number of proxies up to 32, or addresses and networks such as 10.0.0.0/8"
        raise ValueError(message) from None


def _public_url(text: str) -> str:
    if "://" not in text:
        _public_url(f"https://{text}")  # or what the message proposes would be refused in turn
        message = f"must begin with https:// or http://, such as https://{text}"
        raise ValueError(message)
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        message = "must have an address that can be read: an IPv6 address in brackets, a port from 0 to 65535"
        raise ValueError(message) from None
    if scheme not in _DEFAULT_PORTS or not host or not host.isascii() or set(host) & set(" %*\\<>\"'"):
        message = "must be https:// or http:// with a host name in ASCII, such as https://chat.example.org"
        raise ValueError(message)
    if parts.username is not None or parts.password is not None:
        message = "must not contain a user name or a password"
        raise ValueError(message)
    if parts.path.strip("/") or parts.query or parts.fragment:
        message = "must end after the host name: Orcheo has to be at the root of its host, not below a path"
        raise ValueError(message)
    named = f"[{host}]" if ":" in host else host
    return f"{scheme}://{named}" if port in {None, _DEFAULT_PORTS[scheme]} else f"{scheme}://{named}:{port}"


def _attachment_rules(text: str) -> AttachmentRules:
    named = (each.strip().lower() for each in text.split(","))
    return AttachmentRules().with_types(frozenset(filter(None, named)))


def _origins(text: str) -> frozenset[str]:
    return frozenset(_origin(part.strip()) for part in text.split(",") if part.strip())


def _hosts(text: str) -> frozenset[str]:
    names = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(_HOST_NAME.fullmatch(name) for name in names):
        message = "must be host names such as chat.example.org, with commas between them, without scheme, port and *"
        raise ValueError(message)
    return names


def _origin(text: str) -> str:
    parts = urlsplit(text)
    is_exact = f"{parts.scheme}://{parts.netloc}" == text == text.lower() and not set("@*") & set(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_exact:
        message = "must be exact origins such as https://shop.example.org, in lower case, without path and without *"
        raise ValueError(message)
    return text
