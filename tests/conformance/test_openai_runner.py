"""What only the runner ``openai`` does, against a real endpoint on loopback."""

from collections.abc import Callable

import httpx2
import openai
import orjson
import pytest

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused
from orcheo_adapters.runners.guarded_http import AnswerTooLarge
from orcheo_adapters.runners.openai import AnswerBrokenOff
from orcheo_core.domain.run import RunEvent, TextDelta, Usage, UsageReported
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import OPENAI, Subjected, collect, everything, text_of

Model = Callable[..., Subjected]


@pytest.fixture
def model(server_url: Callable[[str], str]) -> Model:
    """Makes a workflow out of the name of a model."""
    assert OPENAI.server is not None
    url = server_url(OPENAI.server)
    return lambda name, **settings: Subjected.of(OPENAI, name, url, **settings)


@pytest.fixture(autouse=True)
def _other_peoples_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the openai package would send of its own accord."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-gateway: secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1")


@pytest.mark.network
async def test_usage_is_reported_once_after_the_text(model: Model) -> None:
    """Endpoints that count up in every chunk are not added up."""
    assert (await everything(model("echo").run()))[-1] == UsageReported(Usage(input_tokens=7, output_tokens=3))
    assert await everything(model("counts-up").run()) == [
        TextDelta("a"),
        TextDelta("b"),
        UsageReported(Usage(input_tokens=5, output_tokens=2)),
    ]


@pytest.mark.network
async def test_the_model_gets_instructions_and_a_window_of_the_history(model: Model) -> None:
    """The newest messages; those of interrupted answers without text are left out."""
    workflow = model("reflect", instructions="Be brief.", history="4", temperature="0.5")
    sent = orjson.loads(text_of(await everything(workflow.with_history("1", "2", "3", "4", "5", "").run("6"))))
    assert [(each["role"], each["content"]) for each in sent["messages"]] == [
        ("system", "Be brief."),
        ("user", "3"),
        ("assistant", "4"),
        ("user", "5"),
        ("user", "6"),
    ]
    assert (sent["model"], sent["stream"], sent["temperature"]) == ("reflect", True, 0.5)


@pytest.mark.network
async def test_without_settings_the_request_is_plain(model: Model) -> None:
    """No temperature, no instructions; 20 past messages."""
    workflow = model("reflect").with_history(*(str(number) for number in range(30)))
    sent = orjson.loads(text_of(await everything(workflow.run())))
    assert [each["content"] for each in sent["messages"]] == [*(str(number) for number in range(10, 30)), "hi"]
    assert "temperature" not in sent


@pytest.mark.network
async def test_history_can_be_left_out(model: Model) -> None:
    """A window of 0 messages."""
    sent = orjson.loads(text_of(await everything(model("reflect", history="0").with_history("1", "2").run())))
    assert [each["content"] for each in sent["messages"]] == ["hi"]


@pytest.mark.network
@pytest.mark.parametrize(("settings", "sent"), [({}, None), ({"api_key_env": "TEST_KEY"}, "Bearer sk-secret")])
async def test_only_the_key_that_is_named_is_sent(model: Model, settings: dict[str, str], sent: str | None) -> None:
    """Nothing of what the package finds in the server's environment goes to an owner's endpoint."""
    headers = orjson.loads(text_of(await everything(model("headers", **settings).run())))
    assert headers.get("authorization") == sent
    assert {"openai-organization", "openai-project", "x-gateway"}.isdisjoint(headers)
    assert headers["accept-encoding"] == "identity"
    assert headers["host"].startswith("127.0.0.1:")


@pytest.mark.network
async def test_a_busy_endpoint_is_asked_once_more(model: Model) -> None:
    """After the time that it names."""
    assert text_of(await everything(model("recovers").run("again"))) == "You said: again"


@pytest.mark.network
@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("401", openai.AuthenticationError),
        ("404", openai.NotFoundError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
    ],
)
async def test_error_statuses_are_raised_as_they_are(model: Model, status: str, error: type[Exception]) -> None:
    """For the log, and for the owner who checks the workflow."""
    with pytest.raises(error, match="no: hi"):
        await everything(model(status).run())


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "error"),
    [("ends-early", AnswerBrokenOff), ("cut-off", (openai.APIConnectionError, httpx2.RemoteProtocolError))],
)
async def test_an_answer_that_breaks_off_is_a_failure(model: Model, name: str, error: type[Exception]) -> None:
    """Half an answer never passes for a whole one."""
    events: list[RunEvent] = []
    with pytest.raises(error):
        await collect(model(name).run(), events)
    assert events == [TextDelta("a")]


@pytest.mark.network
async def test_an_answer_without_end_is_cut(model: Model) -> None:
    """Comments and other padding count too."""
    with pytest.raises(AnswerTooLarge):
        await everything(model("huge").run())


@pytest.mark.network
async def test_redirects_are_not_followed(model: Model) -> None:
    """They could lead anywhere."""
    with pytest.raises(openai.APIStatusError, match="307"):
        await everything(model("redirects").run())


@pytest.mark.network
async def test_a_refusal_is_an_answer(model: Model) -> None:
    """The visitor reads why not."""
    assert text_of(await everything(model("refuses").run())) == "I cannot."


@pytest.mark.network
async def test_text_can_always_be_encoded(model: Model) -> None:
    """Lone surrogates are replaced."""
    assert text_of(await everything(model("surrogates").run())) == "😀 \ufffd"


@pytest.mark.network
async def test_own_addresses_are_refused(model: Model) -> None:
    """Without leave of the operator nothing inside is reached, neither when registering nor later."""
    workflow = model("echo")
    runner = workflow.runner(allowed=NONE_ALLOWED)
    with pytest.raises(InvalidInput, match=r"ORCHEO_HTTP_RUNNER_ALLOW=127\.0\.0\.1:") as caught:
        runner.check(workflow.spec)
    assert caught.value.fields[0].path == "target"

    named = Subjected.of(OPENAI, "echo", workflow.base_url.replace("127.0.0.1", "localhost"))
    with pytest.raises(AddressRefused, match="localhost leads to"):
        await everything(named.run_under(allowed=NONE_ALLOWED))


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"model": ""}, "model", "is needed"),
        ({"history": "41"}, "history", "whole number from 0 to 40"),
        ({"history": "many"}, "history", "whole number from 0 to 40"),
        ({"history": "٣"}, "history", "whole number from 0 to 40"),
        ({"temperature": "hot"}, "temperature", "number from 0 to 2"),
        ({"temperature": "nan"}, "temperature", "number from 0 to 2"),
        ({"temperature": "2.1"}, "temperature", "number from 0 to 2"),
        ({"api_key_env": "NOT_THERE"}, "api_key_env", "no environment variable 'NOT_THERE'"),
        ({"top_p": "1"}, "top_p", "is not known here"),
    ],
)
def test_check_names_the_wrong_setting(settings: dict[str, str], path: str, message: str) -> None:
    """Before anything is registered."""
    workflow = Subjected.of(OPENAI, "gpt", "https://example.org").with_settings(**settings)
    with pytest.raises(InvalidInput, match=message) as caught:
        workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == [f"settings.{path}"]
    assert "sk-secret" not in str(caught.value)
