"""The names of all settings, by which a misspelt one is known from the names that others use."""

from collections.abc import Iterable
from difflib import get_close_matches

from orcheo_adapters.settings.values import RATE_SETTINGS
from orcheo_core.domain.budget import BUDGETS
from orcheo_core.domain.flags import Flag

_PREFIX = "ORCHEO_"
_ALIKE = 0.85
"""How alike two names are of which one is taken for a slip of the other; 1 is the same."""
_OTHERS = """
    ALLOWED_HOSTS ALLOWED_ORIGINS ALLOW_REMOTE ATTACHMENT_TYPES CACHE_DIR CONFIG_DIR CONTACT DATA_DIR DEV_LOGIN
    FLAGS_PROVIDER HOST HTTP_RUNNER_ALLOW IMAGE_BYTES LIMITS LIMIT_CONNECTIONS LIMIT_CONNECTIONS_BY_ADDRESS
    LIMIT_REQUESTS_BY_ADDRESS LOG_LEVEL LONGEST_ANSWER_SECONDS MCP_SHOW_SECRETS OIDC_AUDIENCES OIDC_CLIENT_AUTH
    OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_CLIENT_SECRET_FILE OIDC_ISSUER OIDC_MAX_AGE OIDC_MORE_SCOPES OIDC_PROMPT
    OIDC_PROVIDERS OIDC_TITLE OUTGOING_PROXY OWNERS PORT PROOF_OF_WORK_ABOVE PUBLIC_URL RETENTION_DAYS SERVICE_TOKEN
    TELEMETRY TRANSCRIPTION_KEY TRANSCRIPTION_MODEL TRANSCRIPTION_URL TRUSTED_PROXIES URL WEBHOOK_EVENTS WEBHOOK_SECRET
    WEBHOOK_URL WIDGET_BYTES
"""
SETTING_NAMES = frozenset(
    {
        *RATE_SETTINGS,
        *(each.setting for each in BUDGETS),
        *(f"{_PREFIX}{each.value.upper()}" for each in Flag),
        *(f"{_PREFIX}{each}" for each in _OTHERS.split()),
    }
)
"""Every environment variable that Orcheo reads; docs/reference/configuration.md says what each does."""


def misspelt(names: Iterable[str]) -> list[tuple[str, str]]:
    """Those that are nearly a setting, each with that setting; others may be a workflow's own."""
    strange = sorted(each for each in names if each.startswith(_PREFIX) and each not in SETTING_NAMES)
    found = ((each, get_close_matches(each, SETTING_NAMES, 1, _ALIKE)) for each in strange)
    return [(each, near[0]) for each, near in found if near]
