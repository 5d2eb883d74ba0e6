"""The examples of workflows in programs of their own, as servers on loopback under their runners."""

from collections.abc import Iterator

import pytest

from examples.http_service import is_genuine
from orcheo_adapters.runners.addresses import AllowedAddresses
from orcheo_adapters.runners.conditions import Conditions
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_adapters.runners.signature import signature_headers
from orcheo_core.domain.run import ProgressNote, RunContext, RunEvent, RunRequest, TextDelta, UsageReported
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.usage import Usage
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.ports.runner import RunFailed
from tests.fakes.clock import START
from tests.fakes.sink import FakeSink
from tests.servers.serving import running

CONTEXT = RunContext(workflow_id="wf_1", thread_id="thr_1", turn_id="trn_1", subject=Subject("anon:vis_1"))
NOW = START.timestamp()


async def run(spec: RunnerSpec, text: str) -> list[RunEvent]:
    """The events of one run, on a server whose operator allows loopback."""
    allowed = AllowedAddresses.parse("127.0.0.0/8", path="test")
    runners = RunnerRegistry(Conditions(allowed=allowed, environment={"SECRET": "right", "OTHER": "wrong"}))
    request = RunRequest(spec=spec, text=text, context=CONTEXT)
    try:
        return [event async for event in FakeSink().said(runners.get(spec.kind).run(request))]
    finally:
        await runners.close()


@pytest.fixture(scope="module")
def word_counter() -> Iterator[str]:
    """The URL of the word counter, which wants signed requests."""
    with running("examples.http_service:app", WORD_COUNTER_SECRET="right") as url:
        yield f"{url}/"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The base URL of the OpenAI-compatible endpoint."""
    with running("examples.openai_endpoint:app") as url:
        yield f"{url}/v1"


@pytest.mark.network
async def test_the_word_counter_counts(word_counter: str) -> None:
    """For requests that are signed with its secret."""
    spec = RunnerSpec(kind="http", target=word_counter, settings={"secret_env": "SECRET"})
    assert await run(spec, "to be or not to be") == [
        ProgressNote(text="Counting"),
        TextDelta("6 words."),
        TextDelta(" The most frequent is *to*, 2 times."),
    ]
    assert TextDelta("1 word.") in await run(spec, "hello")


@pytest.mark.network
@pytest.mark.parametrize("settings", [{}, {"secret_env": "OTHER"}])
async def test_the_word_counter_answers_nobody_else(word_counter: str, settings: dict[str, str]) -> None:
    """Without a signature, or with another secret."""
    with pytest.raises(RunFailed, match=r"status 401.* The signature is missing, wrong or too old") as caught:
        await run(RunnerSpec(kind="http", target=word_counter, settings=settings), "hello")
    assert caught.value.code == "endpoint_key_refused"


@pytest.mark.parametrize(
    ("changes", "now", "genuine"),
    [
        ({}, NOW, "yes"),
        ({}, NOW + 299, "yes"),
        ({}, NOW + 302, "no"),
        ({}, NOW - 302, "no"),
        ({"orcheo-timestamp": "soon"}, NOW, "no"),
        ({"orcheo-timestamp": str(int(NOW) + 1)}, NOW, "no"),
        ({"orcheo-signature": ""}, NOW, "no"),
    ],
)
def test_what_counts_as_genuine(changes: dict[str, str], now: float, genuine: str) -> None:
    """The example in the docs takes what the runner signs, and nothing else."""
    headers = {**signature_headers("right", b"{}", at=START), **changes}
    assert is_genuine(headers, b"{}", secret="right", now=now) is (genuine == "yes")
    assert not is_genuine(headers, b"{ }", secret="right", now=now)


@pytest.mark.network
async def test_the_endpoint_repeats_what_it_hears(endpoint: str) -> None:
    """With what it cost."""
    events = await run(RunnerSpec(kind="openai", target=endpoint, settings={"model": "parrot"}), "Hello there")
    assert events == [
        *map(TextDelta, ("You", " said:", " Hello", " there")),
        UsageReported(Usage(input_tokens=2, output_tokens=4)),
    ]


@pytest.mark.network
async def test_the_endpoint_knows_one_model(endpoint: str) -> None:
    """Its error names it."""
    with pytest.raises(Exception, match="There is no model 'gpt' here, only 'parrot'"):
        await run(RunnerSpec(kind="openai", target=endpoint, settings={"model": "gpt"}), "Hello")
