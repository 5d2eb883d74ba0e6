"""What only the runner ``http`` does, against a real service on loopback."""

import hashlib
import hmac
from collections.abc import Callable

import orjson
import pytest
from attrs import evolve

from orcheo_adapters.runners.addresses import NONE_ALLOWED, AddressRefused
from orcheo_adapters.runners.signature import signature_headers
from orcheo_core.domain.items import Citation, TagInput
from orcheo_core.domain.run import ProgressNote, RunEvent, SourceCited, TextDelta, UsageReported
from orcheo_core.domain.sources import Source
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import HTTP, Subjected, collect, everything, fails_as, text_of
from tests.fakes.clock import START

Service = Callable[..., Subjected]

pytestmark = pytest.mark.usefixtures("closed_runners")


@pytest.fixture
def service(server_url: Callable[[str], str]) -> Service:
    """Makes a workflow out of a path of the service."""
    assert HTTP.server is not None
    url = server_url(HTTP.server)
    return lambda path, **settings: Subjected.of(HTTP, path, url, **settings)


@pytest.mark.network
async def test_the_service_gets_the_turn(service: Service) -> None:
    """Text, history and ids, in JSON."""
    workflow = service("sse/reflect").with_history("Hello", "Good day")
    assert orjson.loads(text_of(await everything(workflow.run("How are you?")))) == {
        "text": "How are you?",
        "history": [{"said_by": "visitor", "text": "Hello"}, {"said_by": "workflow", "text": "Good day"}],
        "thread_id": "thr_1",
        "turn_id": "trn_1",
        "workflow_id": "wf_1",
        "subject": "anon:vis_1",
        "app_user": None,
        "display_name": None,
        "inference_options": {"model": None, "tool_id": None},
        "tags": [],
        "metadata": {},
        "locale": None,
        "headers": {},
    }


@pytest.mark.network
async def test_the_service_gets_what_the_page_says(service: Service) -> None:
    """Mentions with the page's own data, what it sends along, and the visitor's language."""
    workflow = service("sse/reflect")
    tag = TagInput(id="cat-1", text="the cat", data={"age": 3}, group="cats", interactive=True)
    context = evolve(workflow.context, tags=(tag,), metadata={"page": "/"}, locale="de-at")
    context = evolve(context, headers={"map-id": "m_1"}, display_name="Ada")
    got = orjson.loads(text_of(await everything(evolve(workflow, context=context).run())))
    mentioned = {"id": "cat-1", "text": "the cat", "data": {"age": 3}, "group": "cats", "interactive": True}
    assert (got["headers"], got["display_name"]) == ({"map-id": "m_1"}, "Ada")
    assert (got["tags"], got["metadata"], got["locale"]) == ([mentioned], {"page": "/"}, "de-at")


@pytest.mark.network
@pytest.mark.parametrize("path", ["sse/echo", "lines/echo", "json/echo"])
async def test_usage_is_reported(service: Service, path: str) -> None:
    """In each form of answer."""
    events = await everything(service(path).run())
    assert events[-1] == UsageReported(Usage(input_tokens=4, output_tokens=2))


@pytest.mark.network
async def test_a_whole_answer_may_have_citations(service: Service) -> None:
    """With all their fields."""
    source = Source(title="Site", url="https://example.org/", description="A site.")
    assert await everything(service("json/cites").run()) == [
        TextDelta("See."),
        SourceCited(Citation(source=source, index=3)),
    ]


@pytest.mark.network
async def test_requests_are_signed_when_a_secret_is_named(service: Service) -> None:
    """With the time, so that a request cannot be played back later."""
    workflow = service("json/headers", secret_env="TEST_KEY")
    headers = orjson.loads(text_of(await everything(workflow.run())))
    assert headers["orcheo-timestamp"] == str(int(START.timestamp()))
    assert headers["orcheo-signature"].startswith("v1=")
    assert headers["user-agent"] == "orcheo"


@pytest.mark.network
async def test_requests_are_not_signed_without_a_secret(service: Service) -> None:
    """No header that looks like a signature."""
    headers = orjson.loads(text_of(await everything(service("json/headers").run())))
    assert not [name for name in headers if name.startswith("orcheo-")]
    assert "authorization" not in headers
    assert "cookie" not in headers


def test_the_signature_is_the_hmac_of_time_and_body() -> None:
    """As docs/how-to/connect-an-http-service.md says."""
    timestamp = str(int(START.timestamp()))
    expected = hmac.new(b"secret", timestamp.encode() + b'.{"a":1}', hashlib.sha256).hexdigest()
    assert signature_headers("secret", b'{"a":1}', at=START) == {
        "orcheo-timestamp": timestamp,
        "orcheo-signature": f"v1={expected}",
    }


@pytest.mark.network
async def test_nothing_counts_after_done(service: Service) -> None:
    """A service that keeps the connection open does not keep the visitor waiting."""
    assert await everything(service("lines/goes-on").run("goes on")) == [TextDelta("whole")]


@pytest.mark.network
@pytest.mark.parametrize(
    "path",
    [
        "sse/ends-early",
        "lines/ends-early",
        "sse/cut-off",
        "lines/cut-off",
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(service: Service, path: str) -> None:
    """Half an answer never passes for a whole one."""
    events: list[RunEvent] = []
    with fails_as("answer_broken_off"):
        await collect(service(path).run(), events)
    assert events == [TextDelta("a")]


@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("status", "endpoint_unavailable", "status 500. It says: broken: hi!!!"),
        ("redirect", "endpoint_redirects", "status 307: a redirect to /json/echo"),
        ("busy", "endpoint_rate_limited", "status 429"),
        ("html", "answer_not_understood", "it is 'text/html'"),
        ("untyped", "answer_not_understood", "it has none"),
        ("empty", "answer_not_understood", "the answer: is empty"),
        ("error", "service_failed", "cannot answer: out of quota$"),
        ("error-object", "service_failed", "cannot answer: out of quota$"),
        ("error-empty", "answer_not_understood", "the answer: text: is missing"),
        ("event-error", "service_failed", "cannot answer: out of quota$"),
        ("nothing", "endpoint_unavailable", "^The service answered with status 500.$"),
        ("no-json", "answer_not_understood", "the answer: is not JSON"),
        ("list", "answer_not_understood", "the answer: must be a JSON object"),
        ("number", "answer_not_understood", "the answer: text: must be a string"),
        ("event-list", "answer_not_understood", "event 1: must be a JSON object"),
        ("event-no-json", "answer_not_understood", "event 1: is not JSON"),
        ("event-type", "answer_not_understood", "event 1: type must be one of text"),
        ("event-field", "answer_not_understood", "event 1: title: must be a string"),
        ("event-unended", "answer_broken_off", "ended after 0 events"),
        ("long-line", "answer_too_large", "1,048,576"),
        ("long-event", "answer_too_large", "1,048,576"),
        ("many-lines", "answer_too_large", "655,360 lines"),
        ("huge", "answer_too_large", "10,485,760"),
        ("gzip", "answer_encoded", "gzip"),
    ],
)
async def test_what_is_not_as_described_is_named(service: Service, name: str, code: str, message: str) -> None:
    """So that the owner finds it."""
    with fails_as(code, match=message) as caught:
        await everything(service(f"raw/{name}").run())
    assert len(str(caught.value)) < 1_000


@pytest.mark.network
async def test_a_busy_service_says_when_to_try_again(service: Service) -> None:
    """The visitor reads it."""
    with fails_as("endpoint_rate_limited") as caught:
        await everything(service("raw/busy").run())
    assert caught.value.retry_after == 20
    assert caught.value.visitor_message == "The workflow is busy."


@pytest.mark.network
@pytest.mark.parametrize("path", ["sse/halves", "lines/halves"])
async def test_an_emoji_that_is_cut_between_two_events_is_joined(service: Service, path: str) -> None:
    """As services in JavaScript cut it; a half that stays alone is replaced, in every field."""
    events = await everything(service(path).run())
    assert text_of(events) == "Hi 😀!\ufffd"
    assert ProgressNote(text="\ufffd") in events


@pytest.mark.network
async def test_half_a_character_in_a_whole_answer_is_replaced(service: Service) -> None:
    """The answer stays."""
    assert text_of(await everything(service("raw/half").run())) == "Hi \ufffd"


@pytest.mark.network
@pytest.mark.parametrize("path", ["raw/marked-sse", "raw/marked-lines", "raw/marked-json"])
async def test_a_byte_order_mark_costs_nothing(service: Service, path: str) -> None:
    """As some services on Windows write it."""
    assert text_of(await everything(service(path).run())) == "hi"


@pytest.mark.network
@pytest.mark.parametrize("path", ["sse/empty", "lines/empty", "json/empty"])
async def test_an_empty_answer_is_told_to_the_visitor(service: Service, path: str) -> None:
    """It does not pass for an answer."""
    with fails_as("no_answer") as caught:
        await everything(service(path).run())
    assert caught.value.visitor_message


@pytest.mark.network
async def test_past_messages_alternate(service: Service) -> None:
    """Visitor messages without an answer are left out, and the first one is the visitor's."""
    workflow = service("sse/reflect").with_history("1", "2", "3", "")
    sent = orjson.loads(text_of(await everything(workflow.run("4"))))
    assert sent["history"] == [{"said_by": "visitor", "text": "1"}, {"said_by": "workflow", "text": "2"}]


@pytest.mark.network
async def test_a_silent_service_can_be_given_up_early(service: Service) -> None:
    """After the seconds of the setting."""
    with fails_as("endpoint_silent", match="within 1 s"):
        await everything(service("sse/hangs-before", first_byte_seconds="1").run())


@pytest.mark.network
async def test_a_secret_that_is_gone_from_the_environment_is_named(service: Service) -> None:
    """The server was started again without it."""
    with fails_as("settings_invalid", match="no environment variable 'GONE'"):
        await everything(service("sse/echo", secret_env="GONE").run())


@pytest.mark.network
async def test_a_connection_that_breaks_after_done_does_no_harm(service: Service) -> None:
    """The answer is whole."""
    assert await everything(service("lines/breaks-after-done").run()) == [TextDelta("whole")]


@pytest.mark.network
async def test_no_cookie_is_kept_between_turns(service: Service) -> None:
    """Turns share connections, visitors share nothing."""
    workflow = service("json/cookie")
    runner = workflow.runner()
    for _ in range(2):
        assert text_of(await everything(runner.run(workflow.request()))) == "none"


@pytest.mark.network
async def test_the_last_line_needs_no_end(service: Service) -> None:
    """As JSON lines have it."""
    assert await everything(service("raw/line-unended").run()) == [TextDelta("a")]


@pytest.mark.network
async def test_a_service_that_is_not_there_is_a_failure(service: Service) -> None:
    """No one listens on port 1."""
    with fails_as("endpoint_unreachable", match=r"cannot be reached \(Connection refused\)"):
        await everything(Subjected.of(HTTP, "x", "http://127.0.0.1:1").run())


@pytest.mark.network
async def test_own_addresses_are_refused(service: Service) -> None:
    """Without leave of the operator nothing inside is reached, neither when registering nor later."""
    workflow = service("json/echo")
    with pytest.raises(InvalidInput, match=r"ORCHEO_HTTP_RUNNER_ALLOW=127\.0\.0\.1:") as caught:
        await workflow.runner(allowed=NONE_ALLOWED).check(workflow.spec)
    assert caught.value.fields[0].path == "target"

    named = Subjected.of(HTTP, "json/echo", workflow.base_url.replace("127.0.0.1", "localhost"))
    with pytest.raises(InvalidInput, match=r"localhost leads to .* ORCHEO_HTTP_RUNNER_ALLOW=localhost:"):
        await workflow.runner(allowed=NONE_ALLOWED).check(named.spec)
    with pytest.raises(AddressRefused, match="localhost leads to"):
        await everything(named.run_under(allowed=NONE_ALLOWED))


@pytest.mark.parametrize(
    "target",
    [
        "",
        "example.org/answer",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://name:password@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:port/",
        "https://①②⑦.⓪.⓪.①/",
    ],
)
async def test_check_refuses_what_is_no_plain_url(target: str) -> None:
    """Only http and https, without credentials."""
    workflow = Subjected(HTTP, RunnerSpec(kind="http", target=target))
    with pytest.raises(InvalidInput) as caught:
        await workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["target"]


async def test_check_wants_the_secret_to_be_there() -> None:
    """A workflow that could not sign is not registered."""
    workflow = Subjected.of(HTTP, "x", "https://example.org", secret_env="NOT_THERE")
    with pytest.raises(InvalidInput) as caught:
        await workflow.runner().check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["settings.secret_env"]
