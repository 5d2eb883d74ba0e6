"""Features that the operator has switched off, for everyone or for some owners."""

from typing import ClassVar

import pytest
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryProvider

from orcheo_adapters.settings.server import ServerSettings
from orcheo_adapters.system.flags import open_flags
from orcheo_core.domain.flags import Flag
from orcheo_core.errors import InvalidInput
from tests.app_server import NO_LIMITS, USER_INPUT, assert_problem, build_app_server

SWITCH = {"ORCHEO_FLAGS_PROVIDER": "tests.http.test_flags:Switch", **NO_LIMITS}
ROLL_OUT = {"ORCHEO_FLAGS_PROVIDER": "tests.http.test_flags:OnlyAda", **NO_LIMITS}
BROKEN = {"ORCHEO_FLAGS_PROVIDER": "tests.http.test_flags:Broken", **NO_LIMITS}


class OnlyAda(InMemoryProvider):
    """Everything is on for one owner, and off for the others."""

    def __init__(self) -> None:
        super().__init__({})

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        assert flag_key in set(Flag)
        assert evaluation_context is not None
        return FlagResolutionDetails(value=self._answer(evaluation_context.targeting_key))

    def _answer(self, owner: str | None) -> bool:
        return owner == "ada"


class Broken(OnlyAda):
    """Fails at each question."""

    def _answer(self, owner: str | None) -> bool:
        raise RuntimeError(owner)


class Switch(OnlyAda):
    """On or off for everyone."""

    is_on: ClassVar[bool] = True

    def _answer(self, owner: str | None) -> bool:
        assert owner
        return self.is_on


async def test_publishing_can_be_switched_off() -> None:
    """What is public stays so, but no one new comes in and no token is issued; unpublishing always works."""
    async with build_app_server(environment=SWITCH) as app_server:
        Switch.is_on = True
        token = (await app_server.publish())["publish_token"]
        await app_server.add("other")
        grant = await app_server.grant()
        Switch.is_on = False
        assert_problem(
            await app_server.operation("workflows.rotate_publish_token", ref="echo"), 403, "feature_disabled"
        )
        assert_problem(await app_server.operation("workflows.publish", ref="other"), 403, "feature_disabled")
        for body in ({}, {"publish_token": token}):
            answer = await app_server.client.post("/api/chat/echo/session", json=body)
            assert_problem(answer, 403, "feature_disabled")
        assert_problem(await app_server.chatkit(token, "threads.list"), 403, "feature_disabled")
        headers = {"authorization": f"Bearer {grant}"}
        renewal = await app_server.client.post("/api/chat/echo/session", json={}, headers=headers)
        assert_problem(renewal, 403, "feature_disabled")
        assert (await app_server.chatkit(grant, "threads.create", input=USER_INPUT)).status_code == 200
        assert_problem(await app_server.client.post("/api/chat/nobody/session", json={}), 404, "chat_unavailable")
        await app_server.result("workflows.unpublish", ref="echo")


async def test_a_setting_switches_off_without_a_provider() -> None:
    """For everyone."""
    async with build_app_server(environment={"ORCHEO_CHATKIT_PUBLISH_ENABLED": "off", **NO_LIMITS}) as app_server:
        await app_server.add()
        assert_problem(await app_server.operation("workflows.publish", ref="echo"), 403, "feature_disabled")
        await app_server.result("workflows.open_chat_session", ref="echo")


async def test_trying_workflows_can_be_switched_off() -> None:
    """Alone."""
    async with build_app_server(environment={"ORCHEO_CHATKIT_CANVAS_ENABLED": "off", **NO_LIMITS}) as app_server:
        await app_server.publish()
        assert_problem(await app_server.operation("workflows.open_chat_session", ref="echo"), 403, "feature_disabled")
        await app_server.grant()


async def test_a_roll_out_by_owner_needs_no_code() -> None:
    """The provider is asked with the owner's name."""
    async with build_app_server(environment=ROLL_OUT) as app_server:
        await app_server.add()
        assert_problem(await app_server.operation("workflows.publish", ref="echo"), 403, "feature_disabled")
        ada = await app_server.owner("ada")
        answer = await app_server.operation(
            "workflows.add", token=ada, handle="adas", runner="http", target="https://flow.example.org/run"
        )
        assert answer.status_code == 200, answer.text
        assert (await app_server.operation("workflows.publish", token=ada, ref="adas")).status_code == 200


async def test_a_provider_that_fails_leaves_the_settings() -> None:
    """Here: all is on."""
    async with build_app_server(environment=BROKEN) as app_server:
        await app_server.publish()
        await app_server.grant()


@pytest.mark.parametrize(
    "target", ["nowhere", "nowhere:x", "tests.workflows:nothing", "tests.workflows:twenty", "json:loads"]
)
def test_a_provider_that_is_none_is_refused_at_the_start(target: str) -> None:
    """By the name of the setting."""
    settings = ServerSettings.load(environment={"ORCHEO_DATA_DIR": "unused", "ORCHEO_FLAGS_PROVIDER": target})
    with pytest.raises(InvalidInput) as raised:
        open_flags(settings.flags, settings.flags_provider)
    assert raised.value.fields[0].path == "ORCHEO_FLAGS_PROVIDER"
    assert "request" not in raised.value.hint  # a server that is started has been sent none
