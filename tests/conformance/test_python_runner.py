"""What only the runner ``python`` does."""

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve

from orcheo_adapters.runners.endings import CUT_NOTICE, FILTER_NOTICE
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.component_items import GeneratedImageItem
from orcheo_core.domain.run import CutShort, NoticeGiven, PastMessage, ProgressNote, SentFile, TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import RunFailed
from tests.conformance import answer_shapes, runner_workflows
from tests.conformance.runner_kinds import PYTHON, Subjected, everything, fails_as, said, text_of
from tests.fakes.clock import FakeClock


def python(name: str) -> Subjected:
    return Subjected(PYTHON, RunnerSpec(kind="python", target=f"tests.conformance.runner_workflows:{name}"))


@pytest.mark.parametrize("name", ["knows_context", "knows_context_by_name", "knows_second"])
async def test_python_context_is_passed_to_who_takes_it(name: str) -> None:
    """A parameter ``context``, or a second one without default, gets the context."""
    workflow = python(name)
    await RunnerRegistry().get("python").check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "hi in thr_1"


async def test_python_other_defaults_are_left_alone() -> None:
    """An optional parameter of another name is not the context's place."""
    assert text_of(await everything(python("knows_no_context").run())) == "hi is calm"


@pytest.mark.parametrize("name", ["exits", "exits_async", "stops_iteration", "cancels_itself"])
async def test_python_workflow_cannot_end_the_server(name: str) -> None:
    """``sys.exit()`` and its like end the run only."""
    with pytest.raises((RuntimeError, RunFailed), match="workflow"):
        await everything(python(name).run())


async def test_python_workflow_may_say_why_it_failed() -> None:
    """Its own code and sentence for the visitor are left as they are."""
    with fails_as("search_down", match="^No answer for hi.$") as caught:
        await everything(python("says_why").run())
    assert caught.value.visitor_message == "Try again in an hour."


@pytest.mark.parametrize("name", ["shows_an_object", "lists_objects", "raises_an_object", "yields_and_raises"])
async def test_python_what_sync_code_gives_is_read_in_its_thread_first(name: str) -> None:
    """An object whose text never comes holds up that thread, which is given up, and not the server."""
    runner_workflows.READERS.clear()
    with suppress(RunFailed):
        await everything(python(name).run())
    assert runner_workflows.READERS[0] is False


async def test_python_text_can_always_be_encoded() -> None:
    """Surrogate pairs are joined, lone ones replaced."""
    assert text_of(await everything(python("says_surrogates").run())) == "😀 \ufffd"


async def test_python_workflow_keeps_a_few_pieces_ahead_only() -> None:
    """A reader that pauses pauses the workflow."""
    events = said(python("works_for_ever").run())
    for _ in range(5_000):
        assert await anext(events) == TextDelta("x")
    await events.aclose()


async def test_python_workflow_that_says_nothing_lets_others_have_their_turn() -> None:
    """Empty texts without a pause between them: it can still be stopped."""
    run = python("says_nothing_for_ever").run()
    asyncio.get_running_loop().call_later(0.05, run.stop)
    assert await everything(run) == []


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("examples.echo", "such as examples.echo:agent, or examples:echo if echo is its name"),
        ("examples.echo.answer", "such as examples.echo.answer:agent, or examples.echo:answer if answer is its name"),
        ("echo", "such as echo:agent. A target is"),
        ("examples.echo:answer()", "Leave the brackets out: examples.echo:answer."),
        ("examples.echo:answer(1)", "A target is package.module:name"),
    ],
)
async def test_a_target_of_another_form_comes_with_the_likely_one(target: str, hint: str) -> None:
    """A dot in place of the colon, or a call, are the usual slips."""
    workflow = Subjected(PYTHON, RunnerSpec(kind="python", target=target))
    with pytest.raises(InvalidInput) as caught:
        await RunnerRegistry().get("python").check(workflow.spec)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "form package.module:callable"),
        ("examples.echo", "form package.module:callable"),
        ("examples.echo:answer()", "form package.module:callable"),
        ("../examples/echo:answer", "form package.module:callable"),
        (".echo:answer", "form package.module:callable"),
        ("examples.nothing:answer", "no module 'examples.nothing'"),
        ("nowhere.at.all:answer", "no module 'nowhere.at.all'"),
        ("examples.echo:reply", "has no 'reply'"),
        ("examples.echo:answer.more", "has no 'answer.more'"),
        ("tests.conformance.runner_workflows:NO_CALLABLE", "cannot be called"),
        ("tests.conformance.runner_workflows:takes_nothing", r"must take \(text\)"),
        ("tests.conformance.runner_workflows:takes_much", r"must take \(text\)"),
        ("tests.conformance.runner_workflows:takes_config", "takes a config, as functions that make a graph do"),
        ("tests.conformance.runner_breaks:answer", "failed with RuntimeError: no settings"),
        ("tests.conformance.runner_interrupts:answer", "failed with KeyboardInterrupt"),
    ],
)
async def test_python_check_names_what_is_wrong(target: str, message: str) -> None:
    """A target that cannot work is refused when it is registered, and fails the run when it breaks later."""
    workflow = Subjected(PYTHON, RunnerSpec(kind="python", target=target))
    with pytest.raises(InvalidInput, match=message) as caught:
        await RunnerRegistry().get("python").check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["target"]
    assert ("fails while it is imported" in caught.value.hint) == message.startswith("failed with")
    says_restart = "start the server again" in caught.value.hint
    assert says_restart == message.startswith(("has no", "must take")), "only what is imported already needs it"
    with pytest.raises(InvalidInput, match=message):
        await everything(workflow.run())


async def test_python_says_for_whom_a_url_is_a_target() -> None:
    """And otherwise how a module is found, or a file named."""
    hints = []
    for target in ("https://agents.example.org", "./nothing.py:answer"):
        with pytest.raises(InvalidInput) as caught:
            await RunnerRegistry().get("python").check(RunnerSpec(kind="python", target=target))
        hints.append(caught.value.hint)
    assert hints[0] == "A URL is a target for the runners openai, http and ag-ui."
    assert "PYTHONPATH" in hints[1]
    assert "./file.py:name" in hints[1]


def shape(name: str) -> Subjected:
    return Subjected(PYTHON, RunnerSpec(kind="python", target=f"tests.conformance.answer_shapes:{name}"))


@pytest.mark.parametrize("callable_", ["streams", "streams_async"])
@pytest.mark.parametrize("name", answer_shapes.STREAMS)
async def test_python_streams_of_model_clients_are_understood(callable_: str, name: str) -> None:
    """None is passed over, what repeats the stream as a whole is not said again, tools and thoughts are not text."""
    assert text_of(await everything(shape(callable_).run(name))) == "Hello you"


@pytest.mark.parametrize("name", answer_shapes.RESULTS)
async def test_python_results_of_model_clients_are_understood(name: str) -> None:
    """By what they have, not by their class."""
    assert text_of(await everything(shape("returns").run(name))) == "Hello you"


@pytest.mark.parametrize("name", answer_shapes.STRUCTURED)
async def test_python_structured_output_is_readable_text(name: str) -> None:
    """Of a result; a model among the pieces of a stream is refused like anything that is not known."""
    assert text_of(await everything(shape("gives_structured").run(name))) == answer_shapes.STRUCTURED[name][1]
    with pytest.raises(RunFailed, match=r"type City .* return str\(…\), or yield the text"):
        await everything(shape("gives_model_in_a_stream").run())


@pytest.mark.parametrize(
    "name", ["gives_context_manager", "gives_async_context_manager", "makes_context", "makes_context_async"]
)
async def test_python_context_managers_are_entered_and_left(name: str) -> None:
    """What they give is read in between."""
    answer_shapes.closed.clear()
    workflow = shape(name)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "Hello you"
    assert answer_shapes.closed == ["left"]


async def test_python_an_error_of_leaving_does_not_hide_the_first() -> None:
    """The owner reads what was not understood."""
    with pytest.raises(RunFailed, match="type Odd"):
        await everything(shape("fails_inside").run())


async def test_python_what_needs_the_running_loop_is_called_on_it() -> None:
    """Its events are read, then it is waited for; the second message works as the first."""
    answer_shapes.closed.clear()
    for _ in range(2):
        assert text_of(await everything(shape("starts_on_loop").run())) == "Hello you"
    assert answer_shapes.closed == ["awaited", "awaited"]


async def test_python_a_stop_cancels_what_was_started() -> None:
    """By the method of the object that has the stream."""
    answer_shapes.closed.clear()
    run = shape("sticks_on_loop").run()
    events = said(run)
    assert await anext(events) == TextDelta("a")
    run.stop()
    assert [event async for event in events] == []
    assert answer_shapes.closed == ["cancelled"]


async def test_python_a_sync_callable_is_read_by_sync_streams() -> None:
    """Also where the object has an async one."""
    assert text_of(await everything(shape("has_stream").run())) == "Hello you"


async def test_python_sync_answers_share_one_loop() -> None:
    """A client that belongs to the loop of its first call works in each, and for several visitors at once."""
    runner = RunnerRegistry().get("python")
    for name in ("runs_loop", "runs_loop_of_thread"):
        answer_shapes.client.loop = None
        spec = shape(name).spec
        runs = [runner.run(evolve(shape(name).request("hi"), spec=spec)) for _ in range(4)]
        answers = [await everything(runs[0]), *await asyncio.gather(*map(everything, runs[1:]))]
        assert {text_of(each) for each in answers} == {"hi on one loop"}
    await runner.close()


async def test_python_a_stop_ends_what_a_sync_call_waits_for() -> None:
    """So that the model stops too."""
    answer_shapes.started.clear()
    answer_shapes.ended.clear()
    run = shape("hangs_in_loop").run()
    executing = asyncio.ensure_future(everything(run))
    await asyncio.to_thread(answer_shapes.started.wait, 30)
    run.stop()
    assert await executing == []
    assert await asyncio.to_thread(answer_shapes.ended.wait, 30)


async def test_python_a_loop_of_a_sync_call_ends_its_tasks() -> None:
    """As ``asyncio.run`` does; and its errors are the workflow's."""
    answer_shapes.ended.clear()
    assert text_of(await everything(shape("leaves_task").run())) == "Hello you"
    assert await asyncio.to_thread(answer_shapes.ended.wait, 30)
    with pytest.raises(RunFailed, match="LookupError: within"):
        await everything(shape("fails_in_loop").run())


@pytest.mark.parametrize("name", ["twins.run_sync", "twins.invoke", "twins.call"])
async def test_python_the_async_twin_of_a_method_is_used(name: str) -> None:
    """If it takes the same."""
    assert text_of(await everything(shape(name).run("you"))) == "Hello you"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("all_by_name", "2 {'role': 'user', 'content': 'hi'} thr_1 vis_1 trn_1"),
        ("messages_only", "one two hi"),
        ("text_last", "2 hi"),
    ],
)
async def test_python_parameters_are_filled_by_their_names(name: str, text: str) -> None:
    """Whatever their order; ``messages`` are OpenAI's, with the one of now."""
    workflow = shape(name).with_history("one", "two")
    await workflow.runner().check(workflow.spec)
    subject = workflow.context.subject.key
    assert text_of(await everything(workflow.run())) == text.replace("vis_1", subject)


@pytest.mark.parametrize("name", ["uses_keeper", "closes_over_keeper", "keeper_method"])
async def test_python_an_object_that_keeps_the_conversation_is_not_shared(name: str) -> None:
    """The refusal says why, and what to write; a copy for each answer is taken."""
    workflow = shape(name)
    with pytest.raises(InvalidInput, match="one Agent of strands for all visitors") as caught:
        await workflow.runner().check(workflow.spec)
    assert "Make one for each answer: def answer(text, history): agent = " in caught.value.hint
    with pytest.raises(InvalidInput, match="is an agent of Strands Agents") as caught:
        await workflow.runner().check(shape("KEEPER").spec)
    assert "--runner agent" in caught.value.hint
    await workflow.runner().check(shape("copies_keeper").spec)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("half_emoji", "Hi 😀!"),
        ("half_emoji_around_a_note", "Hi 😀!"),
        ("half_emoji_in_deltas", "Hi 😀!"),
        ("half_emoji_left", "Hi \ufffd"),
        ("cut_bytes", "ü\ufffd"),
    ],
)
async def test_python_characters_cut_between_pieces_are_joined(name: str, text: str) -> None:
    """Halves of UTF-16 and parts of UTF-8; what stays a half is replaced."""
    assert text_of(await everything(shape(name).run())) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seems_to_grow", "1107"),
        ("grows_twice_only", "110"),
        ("grows_before_an_event", "110100"),
        ("grows_then_changes", "abcother"),
    ],
)
async def test_python_pieces_that_only_look_like_growing_text_are_whole(name: str, text: str) -> None:
    """Three pieces, each beginning with the one before, are growing text; fewer are not."""
    assert text_of(await everything(shape(name).run())) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gives_odd", r"type Odd \(of tests.conformance.answer_shapes\)"),
        ("gives_odd_async", r"type Odd \(of"),
        ("gives_number", "type int, which is not understood. A workflow can give: text"),
        ("gives_delta_of_number", "type int"),
        ("gives_prediction", "type Prediction"),
        ("gives_nested", "type Thing"),
    ],
)
async def test_python_what_is_not_understood_is_named_with_what_is_accepted(name: str, words: str) -> None:
    """The first error is the one that is told, also when the generator yields while it is closed."""
    with pytest.raises(RunFailed, match=words) as caught:
        await everything(shape(name).run())
    assert caught.value.code == "answer_not_understood"


@pytest.mark.parametrize("name", ["two_faced", "closes", "closes_async"])
async def test_python_streams_of_clients_are_closed(name: str) -> None:
    """So that stopping reaches the model; a stream with two faces is read by the sync one."""
    answer_shapes.closed.clear()
    assert text_of(await everything(shape(name).run())) == "Hello you"
    assert len(answer_shapes.closed) == 1


@pytest.mark.parametrize(
    ("name", "more"),
    [("history", ""), ("history_by_name", " thr_1"), ("context_then_history", " thr_1"), ("more_by_name", " (){}")],
)
async def test_python_a_parameter_named_history_gets_roles_and_contents(name: str, more: str) -> None:
    """Without what the workflow keeps hidden in the thread, and what it showed there without words."""
    workflow = shape(name).with_history("one", "two")
    kept = PastMessage(said_by="workflow", text="", hidden={"a": 1})
    image = GeneratedImageItem(id="msg_1", thread_id="thr_1", turn_id="trn_1", created_at=FakeClock().now())
    shown = PastMessage(said_by="workflow", text="", item=image)
    workflow = evolve(workflow, context=evolve(workflow.context, history=(*workflow.context.history, kept, shown)))
    await workflow.runner().check(workflow.spec)
    history = "[{'role': 'user', 'content': 'one'}, {'role': 'assistant', 'content': 'two'}]"
    assert text_of(await everything(workflow.run())) == f"{history} hi{more}"


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("Bot", "'Bot' is a class", r"Write bot = Bot\(…\) in the module and name .*answer_shapes:bot"),
        ("Bot.answer", "is a method of the class Bot without an instance", r":bot\.answer"),
        ("graph", "cannot be called", "--runner langgraph"),
        ("agent", r"cannot be called \(it is of type Odd\)", r"async def answer\(text, history\)"),
    ],
)
async def test_python_what_can_never_answer_is_refused_with_the_line_to_write(name: str, words: str, hint: str) -> None:
    """When it is registered, by its signature."""
    workflow = shape(name)
    with pytest.raises(InvalidInput, match=words) as caught:
        await workflow.runner().check(workflow.spec)
    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize(
    ("name", "text"), [("bot", "Hi"), ("bot.answer", "Hihi"), ("Bot.free", "free hi"), ("Bot.made", "Bot hi")]
)
async def test_python_instances_and_static_methods_are_taken(name: str, text: str) -> None:
    """They can be called with a text."""
    workflow = shape(name)
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fails_deep", r"ValueError: invalid literal .* \(answer_shapes.py, line \d+, in fails_deep\)$"),
        (
            "fails_with_cause",
            r"^LookupError; because of KeyError: 'hi' \(answer_shapes.py, line \d+, in fails_with_cause",
        ),
        ("other_loop", "belongs to one event loop"),
        ("sqlite_connection", "open the connection inside the callable"),
    ],
)
async def test_python_errors_name_the_line_of_the_owners_code(name: str, words: str) -> None:
    """For the owner, with advice for what happens often; the error itself stays the cause."""
    with pytest.raises(RunFailed, match=words) as caught:
        await everything(shape(name).run())
    assert (caught.value.code, caught.value.visitor_message) == ("workflow_error", None)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("name", answer_shapes.CUT)
async def test_python_an_answer_that_a_model_cut_off_is_kept_with_a_notice(name: str) -> None:
    """As the runner ``openai`` does it, whichever client gave the pieces."""
    text, cut, notice = await everything(shape("streams_cut").run(name))
    assert text == TextDelta("Hello")
    assert isinstance(cut, CutShort)
    assert cut.code == "answer_cut_off"
    assert notice == NoticeGiven(message=CUT_NOTICE, level="warning")


@pytest.mark.parametrize("name", answer_shapes.WHOLE)
async def test_python_a_whole_answer_has_no_such_notice(name: str) -> None:
    """The last reason counts, and an answer without text is no part of one."""
    assert not any(
        isinstance(each, CutShort | NoticeGiven) for each in await everything(shape("streams_cut").run(name))
    )


async def test_python_an_answer_that_a_filter_stopped_is_kept_with_a_notice() -> None:
    """The owner reads which it was."""
    _text, cut, notice = await everything(shape("streams_cut").run("filtered"))
    assert isinstance(cut, CutShort)
    assert cut.code == "answer_filtered"
    assert notice == NoticeGiven(message=FILTER_NOTICE, level="warning")


@pytest.mark.parametrize(
    ("status", "code", "retry_after"),
    [(429, "endpoint_rate_limited", 7), (503, "endpoint_unavailable", 7), (401, "endpoint_key_refused", None)],
)
async def test_python_errors_of_model_clients_are_of_the_usual_classes(
    status: int, code: str, retry_after: int | None
) -> None:
    """The owner reads which line it was, the visitor when to try again."""
    with pytest.raises(RunFailed, match=r"LookupError: no answer; because of EndpointError: .*, line \d+") as caught:
        await everything(shape("refused_by_an_endpoint").run(str(status)))
    assert (caught.value.code, caught.value.retry_after) == (code, retry_after)
    assert (caught.value.visitor_message is not None) is (retry_after is not None)


@pytest.mark.parametrize("status", [200, 302, 999])
async def test_python_other_numbers_are_no_status_of_an_endpoint(status: int) -> None:
    """They stay errors of the workflow."""
    with pytest.raises(RunFailed) as caught:
        await everything(shape("refused_by_an_endpoint").run(str(status)))
    assert caught.value.code == "workflow_error"


async def test_python_what_closes_generators_ends_a_turn_like_any_error() -> None:
    """A task that gets it would end there, and its turn never."""
    with pytest.raises(RunFailed, match="the workflow raised GeneratorExit"):
        await everything(shape("raises_generator_exit").run())


async def test_python_a_list_of_run_events_is_said() -> None:
    """As a generator of them is."""
    assert await everything(shape("says_events").run()) == [ProgressNote(text="one"), TextDelta("two")]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a package and a loose file, from which a server was started."""
    package = tmp_path / "src" / "served_flow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("WORD = 'served'\n")
    (package / "agent.py").write_text("from .words import WORD\ndef answer(text): return f'{WORD} {text}'\n")
    (tmp_path / "served_alone.py").write_text("def answer(text): return f'alone {text}'\n")
    (tmp_path / "json.py").write_text("def answer(text): return text\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in [each for each in sys.modules if each.startswith("served_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("target", "text"), [("./src/served_flow/agent.py:answer", "served hi"), ("./served_alone.py:answer", "alone hi")]
)
@pytest.mark.usefixtures("served")
async def test_python_a_file_below_the_served_folder_is_a_target(target: str, text: str) -> None:
    """Imported as part of its package."""
    workflow = Subjected(PYTHON, RunnerSpec(kind="python", target=target))
    await workflow.runner().check(workflow.spec)
    assert text_of(await everything(workflow.run())) == text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("./nothing.py:answer", "there is no file './nothing.py'"),
        ("./../served_alone.py:answer", "outside the folder that is served"),
        ("./json.py:answer", "has the same name as a module"),
    ],
)
@pytest.mark.usefixtures("served")
async def test_python_other_files_are_refused(target: str, words: str) -> None:
    """Outside the served folder, missing, or hidden by another module."""
    workflow = Subjected(PYTHON, RunnerSpec(kind="python", target=target))
    with pytest.raises(InvalidInput, match=words):
        await workflow.runner().check(workflow.spec)


async def test_python_a_callable_for_texts_alone_says_that_it_reads_no_files() -> None:
    """One with a place for the context finds them there."""
    sent = SentFile(name="a.txt", mime_type="text/plain", size=1, read=lambda: b"a")
    workflow = python("returns")
    workflow = evolve(workflow, context=evolve(workflow.context, attachments=(sent,)))
    notice, *rest = await everything(workflow.run("hi"))
    assert notice == NoticeGiven(message="This workflow cannot read attachments of this kind: a.txt.")
    assert text_of(rest) == text_of(await everything(python("returns").run("hi")))
