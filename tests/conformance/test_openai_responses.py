"""The runner ``openai`` with the Responses API, against a real endpoint on loopback."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from attrs import evolve

from orcheo_core.domain.run import ContextKept, InputAsked, NoticeGiven, PastMessage, RunEvent, SentFile
from orcheo_core.domain.structured_input import InputStatus, QuestionAnswer, StructuredInputItem
from orcheo_core.errors import InvalidInput
from tests import samples
from tests.conformance.runner_kinds import OPENAI, Subjected, everything, fails_as, text_of

Model = Callable[..., Subjected]
Json = dict[str, Any]

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("closed_runners")]
KEPT = {"openai": {"response_id": "resp_1"}}


@pytest.fixture
def model(server_url: Callable[[str], str]) -> Model:
    """Makes a workflow out of the name of a model."""
    assert OPENAI.server is not None
    url = server_url(OPENAI.server)
    return lambda name, **settings: Subjected.of(OPENAI, name, url, **{"api": "responses", **settings})


def sent(events: list[RunEvent]) -> Json:
    """What the endpoint was sent."""
    found: Json = orjson.loads(text_of(events))
    return found


def kept(events: list[RunEvent]) -> list[Any]:
    return [each.content for each in events if isinstance(each, ContextKept)]


def after(workflow: Subjected, *past: PastMessage) -> Subjected:
    return evolve(workflow, context=evolve(workflow.context, history=past))


def hidden(content: Any) -> PastMessage:
    return PastMessage(said_by="workflow", text="", hidden=content)


VISITOR, ANSWER = PastMessage(said_by="visitor", text="one"), PastMessage(said_by="workflow", text="two")


async def test_the_history_is_sent_and_nothing_is_stored_there(model: Model) -> None:
    """Unless the owner wants it otherwise."""
    workflow = model(
        "reflect",
        instructions="Be brief.",
        max_tokens="9",
        temperature="0.5",
        reasoning_effort="low",
        extra_body='{"tools": []}',
    )
    events = await everything(workflow.with_history("one", "two").run("three"))
    assert {name: value for name, value in sent(events).items() if name not in ("model", "stream", "said")} == {
        "input": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ],
        "instructions": "Be brief.",
        "max_output_tokens": 9,
        "store": False,
        "temperature": 0.5,
        "reasoning": {"effort": "low", "summary": "auto"},
        "tools": [],
    }
    assert kept(events) == []


async def test_the_endpoint_may_remember(model: Model) -> None:
    """It is sent what is new since the response that the thread knows."""
    workflow = after(
        model("reflect", memory="endpoint"), VISITOR, ANSWER, hidden(KEPT), hidden("other"), VISITOR, ANSWER
    )
    events = await everything(workflow.run("three"))
    request = sent(events)
    assert (request["store"], request["previous_response_id"]) == (True, "resp_1")
    assert [each["content"] for each in request["input"]] == ["one", "two", "three"]
    assert kept(events) == [{"openai": {"response_id": "resp_2"}}]
    first = sent(await everything(model("reflect", memory="endpoint").run("one")))
    assert "previous_response_id" not in first


async def test_an_endpoint_that_has_forgotten_is_sent_the_history(model: Model) -> None:
    """In the same turn."""
    workflow = after(model("forgets", memory="endpoint"), VISITOR, ANSWER, hidden(KEPT))
    request = sent(await everything(workflow.run("three")))
    assert "previous_response_id" not in request
    assert [each["content"] for each in request["input"]] == ["one", "two", "three"]


async def test_another_refusal_is_a_failure(model: Model) -> None:
    """Of a turn with and without memory."""
    workflow = model("refuses", memory="endpoint")
    for each in (workflow, after(workflow, hidden(KEPT))):
        with fails_as("endpoint_request_refused"):
            await everything(each.run())


@pytest.mark.parametrize("name", ["keeps-thoughts", "stores-nothing"])
async def test_fields_that_not_all_endpoints_take_are_left_out(model: Model, name: str) -> None:
    """From then on always."""
    workflow = model(name, reasoning_effort="low")
    request = sent(await everything(workflow.run()))
    assert request["reasoning"] == (
        {"effort": "low"} if name == "keeps-thoughts" else {"effort": "low", "summary": "auto"}
    )
    assert ("store" in request) is (name == "keeps-thoughts")


async def test_attachments_are_parts_of_the_input(model: Model) -> None:
    """Those that the model takes."""
    files = [("a.png", "image/png"), ("b.pdf", "application/pdf"), ("c.txt", "text/plain"), ("d.txt", "text/plain")]
    attached = tuple(SentFile(name=name, mime_type=kind, size=1, read=lambda: b"x") for name, kind in files)
    workflow = model("reflect", attachments="images,files,text")
    workflow = evolve(workflow, context=evolve(workflow.context, attachments=attached[:3]))
    assert sent(await everything(workflow.run("see")))["input"][0]["content"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "data:image/png;base64,eA==", "detail": "auto"},
        {"type": "input_file", "filename": "b.pdf", "file_data": "data:application/pdf;base64,eA=="},
        {"type": "input_text", "text": "File c.txt:\n\nx"},
    ]
    none = evolve(model("reflect"), context=evolve(workflow.context, attachments=attached[3:]))
    assert [type(each) for each in await everything(none.run(""))] == [NoticeGiven]


@pytest.mark.parametrize("memory", ["history", "endpoint"])
@pytest.mark.parametrize(
    ("typed", "answer", "approve", "more"),
    [
        (None, "Approve", True, []),
        (None, "Reject", False, []),
        ("yes", None, True, []),
        ("Tell me more", None, False, ["Tell me more"]),
    ],
)
async def test_a_remote_call_waits_for_the_visitor(
    model: Model, memory: str, typed: str | None, answer: str | None, *, approve: bool, more: list[str]
) -> None:
    """The answer, by a button or in words, is sent with the next turn; other words are the reason and a message."""
    workflow = model("wants-approval", memory=memory)
    events = await everything(workflow.run("Send it"))
    (asked,) = [each for each in events if isinstance(each, InputAsked)]
    (content,) = kept(events)
    later = after(workflow, PastMessage(said_by="visitor", text="Send it"), hidden(content))
    if answer is not None:
        item = StructuredInputItem(
            id="m", thread_id="t", turn_id="u", created_at=samples.moment(1), questions=asked.questions
        ).submitted(InputStatus.ANSWERED, {"mcpr_1": QuestionAnswer(values=(answer,))})
        later = evolve(later, context=evolve(later.context, cause=item))
    request = sent(await everything(later.run(typed or "")))
    given = request["input"]
    response = next(each for each in given if each.get("type") == "mcp_approval_response")
    assert (response["approval_request_id"], response["approve"]) == ("mcpr_1", approve)
    assert [each["content"] for each in given if "role" in each][-len(more) :] == more if more else True
    assert any(each.get("type") == "mcp_approval_request" for each in given) is (memory == "history")


async def test_a_call_that_the_visitor_has_passed_over_does_not_wait(model: Model) -> None:
    """Another message came between."""
    content = {"openai": {"approvals": [{"type": "mcp_approval_request", "id": "mcpr_1"}]}}
    workflow = after(model("reflect"), VISITOR, hidden(content), VISITOR, ANSWER)
    request = sent(await everything(workflow.run("three")))
    assert [each["content"] for each in request["input"]] == ["one", "two", "three"]


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": "1"},
        {"stop": "END"},
        {"api": "other"},
        {"memory": "mine"},
        {"api": "completions", "memory": "endpoint"},
        {"steps": "some"},
        {"extra_body": '{"input": 1}'},
    ],
)
async def test_settings_are_checked(model: Model, settings: dict[str, str]) -> None:
    """When the workflow is registered."""
    workflow = model("reflect", **settings)
    with pytest.raises(InvalidInput):
        await workflow.runner().check(workflow.spec)
