"""What only the runner ``openai`` does, against a real endpoint on loopback."""

from collections.abc import Callable
from uuid import uuid4

import orjson
import pytest
from attrs import evolve

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused
from orcheo_core.domain.component_items import StepKind
from orcheo_core.domain.run import NoticeGiven, RunEvent, StepNoted, TextDelta, UsageReported
from orcheo_core.domain.usage import Usage
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import OPENAI, Subjected, collect, everything, fails_as, text_of

Model = Callable[..., Subjected]

pytestmark = pytest.mark.usefixtures("closed_runners")


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
    """The newest ones that were answered, beginning with the visitor's."""
    workflow = model("reflect", instructions="Be brief.", history="4", temperature="0.5")
    sent = orjson.loads(text_of(await everything(workflow.with_history("1", "2", "3", "4", "5", "").run("6"))))
    assert [(each["role"], each["content"]) for each in sent["messages"]] == [
        ("system", "Be brief."),
        ("user", "1"),
        ("assistant", "2"),
        ("user", "3"),
        ("assistant", "4"),
        ("user", "6"),
    ]
    assert (sent["model"], sent["stream"], sent["temperature"]) == ("reflect", True, 0.5)


@pytest.mark.network
async def test_a_model_that_the_visitor_chose_is_asked_in_place_of_the_setting(model: Model) -> None:
    """One of those that the owner offers."""
    workflow = model("echo")
    sent = orjson.loads(text_of(await everything(workflow.runner().run(evolve(workflow.request(), model="reflect")))))
    assert sent["model"] == "reflect"


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
async def test_an_endpoint_that_stays_busy_is_left_alone(model: Model) -> None:
    """The visitor waits in sight of a sentence, not of nothing; the endpoint is not asked again at once."""
    with fails_as("endpoint_rate_limited", match="slow down, 1$") as caught:
        await everything(model("busy").run(uuid4().hex))
    assert caught.value.retry_after == 20
    assert caught.value.visitor_message == "The workflow is busy."


@pytest.mark.network
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("401", "endpoint_key_refused"),
        ("404", "endpoint_not_found"),
        ("429", "endpoint_rate_limited"),
        ("500", "endpoint_unavailable"),
    ],
)
async def test_each_class_of_failure_is_told_to_the_owner(model: Model, status: str, code: str) -> None:
    """With the endpoint's own words."""
    with fails_as(code, match=f"status {status}.*no: hi"):
        await everything(model(status).run())


@pytest.mark.network
@pytest.mark.parametrize("name", ["ends-early", "cut-off"])
async def test_an_answer_that_breaks_off_is_a_failure(model: Model, name: str) -> None:
    """Half an answer never passes for a whole one."""
    events: list[RunEvent] = []
    with fails_as("answer_broken_off"):
        await collect(model(name).run(), events)
    assert events == [TextDelta("a")]


@pytest.mark.network
@pytest.mark.parametrize("name", ["breaks-after-the-end", "never-ends"])
async def test_what_happens_after_the_end_does_no_harm(
    model: Model, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks, or stays open without a word."""
    monkeypatch.setattr("orcheo_adapters.runners.openai._TAIL_SECONDS", 0.01)
    assert await everything(model(name).run()) == [TextDelta("whole")]


@pytest.mark.network
async def test_a_whole_answer_is_taken_although_a_stream_was_asked_for(model: Model) -> None:
    """Whatever the status of success."""
    assert await everything(model("whole").run()) == [
        TextDelta("Whole"),
        UsageReported(Usage(input_tokens=7, output_tokens=3)),
    ]


@pytest.mark.network
async def test_an_endpoint_that_is_not_there_is_a_failure(model: Model) -> None:
    """Nothing listens on port 1."""
    workflow = model("echo")
    spec = evolve(workflow.spec, target="http://127.0.0.1:1/v1")
    with fails_as("endpoint_unreachable", match=r"cannot be reached \(Connection refused\)"):
        await everything(evolve(workflow, spec=spec).run())


@pytest.mark.network
async def test_a_request_that_is_refused_for_itself_is_not_asked_again(model: Model) -> None:
    """As soon as the endpoint has answered once, only a refusal that names such a field is asked otherwise."""
    workflow, text = model("refuses-texts"), uuid4().hex
    runner = workflow.runner()
    assert text_of(await everything(runner.run(workflow.request("fine")))) == "You said: fine"
    with fails_as("endpoint_request_refused", match="refused 1 times"):
        await everything(runner.run(workflow.request(text)))


@pytest.mark.network
async def test_a_key_that_is_gone_from_the_environment_is_named(model: Model) -> None:
    """The server was started again without it."""
    workflow = model("echo", api_key_env="GONE")
    with fails_as("settings_invalid", match="no environment variable 'GONE'"):
        await everything(workflow.run())


@pytest.mark.network
async def test_a_login_page_is_named(model: Model) -> None:
    """As a gateway answers."""
    with fails_as("endpoint_not_an_api"):
        await everything(model("login-page").run())


@pytest.mark.network
async def test_what_the_model_thinks_is_a_note_that_can_be_hidden(model: Model) -> None:
    """Never text of the answer."""
    events = await everything(model("thinks").run())
    assert text_of(events) == "Hello"
    assert [each.step.kind for each in events if isinstance(each, StepNoted)] == [StepKind.THOUGHT] * 2
    assert await everything(model("thinks", reasoning="hide").run()) == [TextDelta("Hello")]


@pytest.mark.network
async def test_thoughts_never_go_back_to_the_model(model: Model) -> None:
    """Those that older answers still hold; an answer of nothing else goes with its question."""
    workflow = model("reflect").with_history("1", "<think>Hm</think>\n2", "3", "<think>Hm")
    sent = orjson.loads(text_of(await everything(workflow.run("4"))))
    assert [each["content"] for each in sent["messages"]] == ["1", "2", "4"]


@pytest.mark.network
async def test_fields_that_an_endpoint_refuses_are_left_out_once_and_for_all(model: Model) -> None:
    """``stream_options``, and ``max_tokens`` under its other name."""
    workflow, text = model("wants-plain", max_tokens="50"), uuid4().hex
    runner = workflow.runner()
    for asked in (1, 2):
        sent = orjson.loads(text_of(await everything(runner.run(workflow.request(text)))))
        assert (sent["asked"], sent["max_completion_tokens"]) == (asked, 50)
        assert "stream_options" not in sent


@pytest.mark.network
async def test_instructions_are_part_of_the_first_message_where_their_role_is_refused(model: Model) -> None:
    """Some models know visitor and assistant only."""
    workflow = model("refuses-system", instructions="Be brief.", attachments="text").with_history("1", "2")
    sent = orjson.loads(text_of(await everything(workflow.run("3"))))
    assert [each["content"] for each in sent["messages"]] == ["Be brief.\n\n1", "2", "3"]
    assert sent["stream_options"] == {"include_usage": True}

    first = model("refuses-system", instructions="Be brief.", attachments="text")
    sent = orjson.loads(text_of(await everything(first.with_attachments(("a.txt", "text/plain", b"A")).run("3"))))
    assert [part["text"] for part in sent["messages"][0]["content"]] == ["Be brief.", "3", "File a.txt:\n\nA"]


@pytest.mark.network
async def test_the_line_end_of_a_key_is_no_part_of_it(model: Model) -> None:
    """It comes from the file that the variable was read from."""
    headers = orjson.loads(text_of(await everything(model("headers", api_key_env="TEST_LINE_KEY").run())))
    assert headers["authorization"] == "Bearer sk-line"


@pytest.mark.network
async def test_an_endpoint_may_refuse_a_field_without_naming_it(model: Model) -> None:
    """Then ``stream_options`` is left out, as long as the endpoint has never answered."""
    assert text_of(await everything(model("refuses-unnamed").run())) == "You said: hi"


@pytest.mark.network
async def test_settings_of_the_model_are_sent(model: Model) -> None:
    """Under the names of the interface."""
    workflow = model(
        "reflect",
        max_tokens="100",
        top_p="0.5",
        seed="7",
        stop='["END", "###"]',
        reasoning_effort="low",
        extra_body='{"top_k": 20, "nested": {"a": [1]}}',
    )
    sent = orjson.loads(text_of(await everything(workflow.run())))
    del sent["messages"]
    assert sent == {
        "model": "reflect",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "top_p": 0.5,
        "seed": 7,
        "stop": ["END", "###"],
        "reasoning_effort": "low",
        "top_k": 20,
        "nested": {"a": [1]},
    }


@pytest.mark.network
async def test_attachments_are_sent_where_the_model_takes_them(model: Model) -> None:
    """Images as URLs of data, text as text, the rest as files; the visitor hears of those that stay behind."""
    workflow = model("reflect", attachments="images,text,files").with_attachments(
        ("cat.png", "image/png", b"\x89"),
        ("a.txt", "text/plain", b"\xef\xbb\xbfNotes"),
        ("b.pdf", "application/pdf", b"%"),
    )
    sent = orjson.loads(text_of(await everything(workflow.run("What is this?"))))
    assert sent["messages"][-1]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iQ=="}},
        {"type": "text", "text": "File a.txt:\n\nNotes"},
        {"type": "file", "file": {"filename": "b.pdf", "file_data": "data:application/pdf;base64,JQ=="}},
    ]

    events = await everything(workflow.with_settings(attachments="images").run(""))
    assert [each.message for each in events if isinstance(each, NoticeGiven)] == [
        "This workflow cannot read attachments of this kind: a.txt, b.pdf."
    ]
    sent = orjson.loads(text_of(events))
    assert [part["type"] for part in sent["messages"][-1]["content"]] == ["image_url"]


@pytest.mark.network
async def test_a_model_is_not_asked_about_files_alone_that_it_does_not_take(model: Model) -> None:
    """An empty message would be refused, or answered with a guess; the visitor reads why."""
    workflow = model("reflect", attachments="images").with_attachments(("a.txt", "text/plain", b"Notes"))
    assert await everything(workflow.run("")) == [
        NoticeGiven(message="This workflow cannot read attachments of this kind: a.txt.")
    ]


@pytest.mark.network
async def test_a_model_that_is_loaded_first_is_asked_once(model: Model) -> None:
    """The time limit of the answer ends the wait, or a setting does; asking again would load it twice."""
    text = uuid4().hex
    with fails_as("endpoint_silent", match=r"within 2 s \(setting first_byte_seconds\)"):
        await everything(model("cold", first_byte_seconds="2").run(text))
    assert orjson.loads(text_of(await everything(model("asked").run(text)))) == {"asked": 1}


@pytest.mark.network
async def test_turns_of_a_workflow_share_a_connection_and_nothing_else(model: Model) -> None:
    """No handshake before each answer, and no cookie of another visitor."""
    workflow = model("connection")
    runner, other = workflow.runner(), evolve(workflow.context, workflow_id="wf_2")
    seen = []
    for context in (workflow.context, workflow.context, other):
        request = evolve(workflow.request(), context=context)
        seen.append(orjson.loads(text_of(await everything(runner.run(request)))))
    assert seen[0]["port"] == seen[1]["port"] != seen[2]["port"]
    assert [each["cookie"] for each in seen] == [None] * 3


@pytest.mark.network
@pytest.mark.parametrize("path", ["/v1/", "/v1/chat/completions", "/v1/chat/completions/"])
async def test_a_target_is_taken_as_it_is_meant(model: Model, path: str) -> None:
    """Up to ``/v1``, or the whole address of the endpoint as its documentation writes it."""
    workflow = model("echo")
    spec = evolve(workflow.spec, target=f"{workflow.base_url}{path}")
    assert text_of(await everything(evolve(workflow, spec=spec).run())) == "You said: hi"


@pytest.mark.network
async def test_a_query_in_the_target_is_kept(model: Model) -> None:
    """As some gateways ask for a version there."""
    workflow = model("headers")
    spec = evolve(workflow.spec, target=f"{workflow.base_url}/v1?api-version=2026-01-01")
    sent = orjson.loads(text_of(await everything(evolve(workflow, spec=spec).run())))
    assert sent["query"] == "api-version=2026-01-01"


@pytest.mark.network
async def test_an_answer_without_end_is_cut(model: Model) -> None:
    """Comments and other padding count too."""
    with fails_as("answer_too_large"):
        await everything(model("huge").run())


@pytest.mark.network
async def test_redirects_are_not_followed(model: Model) -> None:
    """They could lead anywhere."""
    with fails_as("endpoint_redirects", match="status 307: a redirect to /v1/elsewhere"):
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
        await runner.check(workflow.spec)
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
        ({"n": "2"}, "n", "is not known here"),
        ({"top_p": "2"}, "top_p", "number from 0 to 1"),
        ({"max_tokens": "0"}, "max_tokens", "whole number from 1 to"),
        ({"seed": "-1"}, "seed", "whole number from 0 to"),
        ({"stop": "[1]"}, "stop", "JSON list of 1 to 4 texts"),
        ({"stop": '["a", "b", "c", "d", "e"]'}, "stop", "JSON list of 1 to 4 texts"),
        ({"stop": "["}, "stop", "must be JSON"),
        ({"reasoning_effort": "very hard"}, "reasoning_effort", "must be a word"),
        ({"reasoning": "maybe"}, "reasoning", "must be one of show, hide"),
        ({"attachments": "images,films"}, "attachments", "of: images, files, text"),
        ({"extra_body": "[]"}, "extra_body", "must be a JSON object"),
        ({"extra_body": "{"}, "extra_body", "must be JSON"),
        ({"extra_body": "[" * 8_000}, "extra_body", "must be JSON"),
        ({"extra_body": "9" * 5_000}, "extra_body", "must be JSON"),
        ({"extra_body": '{"stream": false, "model": "m"}'}, "extra_body", "must not hold model, stream"),
        ({"first_byte_seconds": "0"}, "first_byte_seconds", "number from 1 to 3600"),
    ],
)
async def test_check_names_the_wrong_setting(settings: dict[str, str], path: str, message: str) -> None:
    """Before anything is registered."""
    workflow = Subjected.of(OPENAI, "gpt", "https://example.org").with_settings(**settings)
    with pytest.raises(InvalidInput, match=message) as caught:
        await workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == [f"settings.{path}"]
    assert "sk-secret" not in str(caught.value)
