"""Settings of the server: the only place that reads its environment."""

import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from orcheo_adapters.auth.oidc.registration import ProviderRegistration, is_loopback_host, is_secure_url
from orcheo_adapters.http.client_address import TrustedProxies
from orcheo_adapters.http.connections import ConnectionLimits
from orcheo_adapters.outgoing import Outgoing
from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.settings.owners import owner_rules
from orcheo_adapters.settings.providers import identity_providers
from orcheo_adapters.settings.values import (
    DEFAULT_PACE,
    allowed_hosts,
    allowed_origins,
    attachment_rules,
    budgets,
    connection_limits,
    contact,
    flags,
    log_level,
    longest_answer,
    pace,
    part_limits,
    public_url,
    rate_plan,
    retention,
    trusted_proxies,
    yes_or_no,
)
from orcheo_adapters.system.disk import disk_size
from orcheo_adapters.system.local_server import data_folder_path, listening_host, listening_port, local_url
from orcheo_core.domain.attachments import AttachmentRules
from orcheo_core.domain.budget import BudgetPlan
from orcheo_core.domain.flags import Flag
from orcheo_core.domain.owner_rule import OwnerRule
from orcheo_core.domain.rate import Rate, RatePlan
from orcheo_core.domain.widgets import PartLimits
from orcheo_core.errors import FieldError, InvalidError, InvalidInput

if TYPE_CHECKING:
    from orcheo_adapters.transcription import TranscriptionSettings
    from orcheo_adapters.webhook import WebhookSettings


class DevLoginBeyondLoopback(InvalidError):
    """Trial sign-in takes any name without proof, so other machines must not reach the server."""

    code = "dev_login_beyond_loopback"
    summary = "Trial sign-in works on this machine only, but other machines could reach this server."
    hint = "Leave out --host and ORCHEO_PUBLIC_URL, or --dev-login and ORCHEO_DEV_LOGIN."


@frozen(kw_only=True)
class ServerSettings:
    """Where the server listens, where it keeps its data, the address visitors know it by, and what it lets them do."""

    host: str
    port: int
    data_dir: Path
    public_url: str
    runner_conditions: Conditions = field(factory=Conditions)
    """What workflows may take: secrets by the names of environment variables, addresses of the own network."""
    rate_plan: RatePlan = field(factory=RatePlan)
    budgets: BudgetPlan = field(factory=BudgetPlan)
    pace: Rate | None = DEFAULT_PACE
    """How fast one address may begin requests, and connections; what comes faster waits."""
    connection_limits: ConnectionLimits = field(factory=ConnectionLimits)
    trusted_proxies: TrustedProxies = field(factory=TrustedProxies)
    allowed_origins: frozenset[str] = frozenset()
    """The other sites whose pages may talk to the visitors' routes."""
    allowed_hosts: frozenset[str] = frozenset()
    """The other names by which visitors reach the server."""
    attachment_rules: AttachmentRules = field(factory=AttachmentRules)
    """Which files visitors may send."""
    part_limits: PartLimits = field(factory=PartLimits)
    """The largest widget and image that a workflow may show."""
    allow_remote: bool = False
    """Whether the server may listen beyond loopback although the local owner token is the only service token."""
    identity_providers: tuple[ProviderRegistration, ...] = ()
    """Where visitors can sign in."""
    owner_rules: tuple[OwnerRule, ...] = ()
    """Whom of those who can sign in there are owners, with which scopes."""
    mcp_shows_secrets: bool = False
    """Whether assistants that connect over HTTP are shown publish tokens."""
    dev_login: bool = False
    """Whether anyone on this machine may sign in under any name, to try things out."""
    telemetry: bool = False
    """Whether pages report when they are opened and closed, how long first answers take, and what fails."""
    contact: str = ""
    """Where visitors reach the operator, ``mailto:`` or ``https:``."""
    log_level: int = logging.INFO
    flags: Mapping[Flag, bool] = field(factory=lambda: dict.fromkeys(Flag, True))
    """What is switched on, where no provider of flags says otherwise."""
    flags_provider: str | None = None
    """``package.module:callable`` that makes an OpenFeature provider."""
    webhook: "WebhookSettings | None" = None
    """Where messages about failed turns and owners' acts are sent; None sends nothing."""
    transcription: "TranscriptionSettings | None" = None
    """What turns speech into text; None for nothing."""
    retention: timedelta | None = None
    """Threads without a message for this long are purged; None keeps all."""

    @classmethod
    def load(
        cls,
        *,
        host: str | None = None,
        port: int | None = None,
        data_dir: Path | None = None,
        dev_login: bool | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> "ServerSettings":
        """Options first, then the environment (docs/reference/configuration.md names all of it).

        Raises :class:`InvalidInput` for a wrong value, such as a port of 70000.
        """
        environment = dict(environment)  # a workflow may change the process's own
        host = listening_host(environment, host)
        port = listening_port(environment) if port is None else port
        folder = (data_dir or data_folder_path(environment)).absolute()  # a workflow may change the working folder
        conditions = _runner_conditions(environment)
        providers = identity_providers(environment)
        settings = cls(
            host=host,
            port=port,
            data_dir=folder,
            public_url=public_url(environment) or local_url(host, port),
            runner_conditions=conditions,
            rate_plan=rate_plan(environment),
            budgets=budgets(environment, disk_size(folder)),
            pace=pace(environment),
            connection_limits=connection_limits(environment),
            trusted_proxies=trusted_proxies(environment),
            allowed_hosts=allowed_hosts(environment),
            allowed_origins=allowed_origins(environment),
            attachment_rules=attachment_rules(environment),
            part_limits=part_limits(environment),
            allow_remote=yes_or_no(environment, "ORCHEO_ALLOW_REMOTE", default=False),
            identity_providers=providers,
            owner_rules=owner_rules(environment, {each.issuer for each in providers}),
            mcp_shows_secrets=yes_or_no(environment, "ORCHEO_MCP_SHOW_SECRETS", default=False),
            dev_login=dev_login or yes_or_no(environment, "ORCHEO_DEV_LOGIN", default=False),
            telemetry=yes_or_no(environment, "ORCHEO_TELEMETRY", default=False),
            contact=contact(environment),
            log_level=log_level(environment),
            retention=retention(environment),
            webhook=_webhook(environment, conditions.allowed),
            transcription=_transcription(environment, conditions.allowed),
            flags=flags(environment),
            flags_provider=environment.get("ORCHEO_FLAGS_PROVIDER") or None,
        )
        _check_login(settings)
        return settings

    @property
    def asks_others(self) -> bool:
        """Whether the server itself makes requests: to identity providers, a webhook, or for words of recordings."""
        return bool(self.identity_providers or self.webhook or self.transcription)

    def on_port(self, port: int) -> "ServerSettings":
        """These settings on the port that the system chose for port 0; a public URL of the operator's own stays."""
        given = self.public_url != local_url(self.host, self.port)
        return evolve(self, port=port, public_url=self.public_url if given else local_url(self.host, port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback_host(self.host)

    @property
    def is_reached_through_a_proxy(self) -> bool:
        """Whether visitors are elsewhere although only this machine can connect."""
        return self.is_loopback and not is_loopback_host(urlsplit(self.public_url).hostname or "")

    @property
    def public_origin(self) -> str:
        """The origin of the address that visitors use."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def host_names(self) -> frozenset[str]:
        """All names that the server goes by, besides addresses and loopback names."""
        return self.allowed_hosts | {self.host, urlsplit(self.public_url).hostname or ""}

    @property
    def behind_tls(self) -> bool:
        """Whether visitors reach the server over https."""
        return self.public_url.startswith("https://")


def _check_login(settings: ServerSettings) -> None:
    """Logins travel in cookies, so beyond this machine they need TLS; a trial sign-in never leaves this machine."""
    url_is_loopback = is_loopback_host(urlsplit(settings.public_url).hostname or "")
    if settings.dev_login and not (settings.is_loopback and url_is_loopback):
        raise DevLoginBeyondLoopback
    if settings.identity_providers and not is_secure_url(settings.public_url):
        wrong = FieldError("ORCHEO_PUBLIC_URL", "must begin with https:// where visitors sign in")
        raise InvalidInput(wrong, hint="See docs/how-to/run-behind-a-reverse-proxy.md.")


def _runner_conditions(environment: Mapping[str, str]) -> Conditions:
    allowed = environment.get("ORCHEO_HTTP_RUNNER_ALLOW", "")
    return Conditions(
        time_limit=longest_answer(environment),
        environment=environment,
        allowed=AllowedAddresses.parse(allowed, path="ORCHEO_HTTP_RUNNER_ALLOW"),
        outgoing=Outgoing.load(environment),
    )


def _webhook(environment: Mapping[str, str], allowed: AllowedAddresses) -> "WebhookSettings | None":
    if not environment.get("ORCHEO_WEBHOOK_URL", "").strip():
        return None
    from orcheo_adapters.webhook import WebhookSettings

    return WebhookSettings.load(environment, allowed)


def _transcription(environment: Mapping[str, str], allowed: AllowedAddresses) -> "TranscriptionSettings | None":
    if not environment.get("ORCHEO_TRANSCRIPTION_URL", "").strip():
        return None
    from orcheo_adapters.transcription import TranscriptionSettings

    return TranscriptionSettings.load(environment, allowed)
