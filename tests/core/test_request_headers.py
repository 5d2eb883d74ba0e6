"""Which request headers a workflow may be given."""

import pytest

from orcheo_core.domain.workflow import HEADERS_MOST, RunnerSpec, header_names
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.runner import Runner, RunSink


def test_names_have_commas_between_them() -> None:
    """They are compared in small letters; a workflow without the setting is given none."""
    assert header_names(" Map-Id, article-id ,") == {"map-id", "article-id"}
    spec = RunnerSpec(kind="python", target="a:b", settings={"headers": "Map-Id"})
    assert spec.wanted_headers == {"map-id"}
    assert RunnerSpec(kind="python", target="a:b").wanted_headers == frozenset()


@pytest.mark.parametrize("name", ["authorization", "Cookie", "two words", "umläut"])
def test_what_holds_credentials_or_is_no_name_is_refused(name: str) -> None:
    """The error names it."""
    with pytest.raises(InvalidInput, match=f"settings.headers: cannot hand over {name.lower()}"):
        header_names(f"map-id, {name}")


def test_there_may_be_twenty() -> None:
    """One more is refused."""
    names = [f"x-{number}" for number in range(HEADERS_MOST)]
    assert len(header_names(",".join(names))) == HEADERS_MOST
    with pytest.raises(InvalidInput):
        header_names(",".join([*names, "x-more"]))


async def test_a_runner_takes_no_feedback_and_a_sink_gives_no_thread_unless_they_say_so() -> None:
    """What most of them are."""
    assert not await Runner.takes_feedback(object(), RunnerSpec(kind="python", target="a:b"))  # type: ignore[arg-type]
    assert RunSink.thread(object()) is None  # type: ignore[arg-type]
