"""What only the runner ``python`` does."""

import pytest

from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.run import TextDelta
from orcheo_core.domain.workflow import RunnerSpec
from orcheo_core.errors import InvalidInput
from tests.conformance.runner_kinds import PYTHON, Subjected, everything, said, text_of


def python(name: str) -> Subjected:
    return Subjected(PYTHON, RunnerSpec(kind="python", target=f"tests.conformance.runner_workflows:{name}"))


@pytest.mark.parametrize("name", ["knows_context", "knows_context_by_name", "knows_second"])
async def test_python_context_is_passed_to_who_takes_it(name: str) -> None:
    """A parameter ``context``, or a second one without default, gets the context."""
    workflow = python(name)
    RunnerRegistry().get("python").check(workflow.spec)
    assert text_of(await everything(workflow.run())) == "hi in thr_1"


async def test_python_other_defaults_are_left_alone() -> None:
    """An optional parameter of another name is not the context's place."""
    assert text_of(await everything(python("knows_no_context").run())) == "hi is calm"


@pytest.mark.parametrize(("name", "kind"), [("says_bytes", "bytes"), ("says_number", "int")])
async def test_python_other_types_are_refused(name: str, kind: str) -> None:
    """What is neither text nor a run event is a mistake of the workflow, named as such."""
    with pytest.raises(TypeError, match=f"not with {kind}"):
        await everything(python(name).run())


@pytest.mark.parametrize("name", ["exits", "exits_async", "stops_iteration", "cancels_itself"])
async def test_python_workflow_cannot_end_the_server(name: str) -> None:
    """``sys.exit()`` and its like end the run only."""
    with pytest.raises(RuntimeError, match="workflow"):
        await everything(python(name).run())


async def test_python_text_can_always_be_encoded() -> None:
    """Surrogate pairs are joined, lone ones replaced."""
    assert text_of(await everything(python("says_surrogates").run())) == "😀 \ufffd"


async def test_python_workflow_keeps_a_few_pieces_ahead_only() -> None:
    """A reader that pauses pauses the workflow."""
    events = said(python("works_for_ever").run())
    for _ in range(5_000):
        assert await anext(events) == TextDelta("x")
    await events.aclose()


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
        ("tests.conformance.runner_workflows:takes_nothing", "must take"),
        ("tests.conformance.runner_workflows:takes_much", "must take"),
        ("tests.conformance.runner_breaks:answer", "failed with RuntimeError: no settings"),
    ],
)
async def test_python_check_names_what_is_wrong(target: str, message: str) -> None:
    """A target that cannot work is refused when it is registered, and fails the run when it breaks later."""
    workflow = Subjected(PYTHON, RunnerSpec(kind="python", target=target))
    with pytest.raises(InvalidInput, match=message) as caught:
        RunnerRegistry().get("python").check(workflow.spec)
    assert [each.path for each in caught.value.fields] == ["target"]
    with pytest.raises(InvalidInput, match=message):
        await everything(workflow.run())
