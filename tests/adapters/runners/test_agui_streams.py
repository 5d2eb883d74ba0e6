"""Whole streams of AG-UI, right ones and wrong ones."""

import pytest

from orcheo_core.ports.runner import RunFailed
from tests.adapters.runners.agui_streams import NEXT, STREAMS
from tests.fakes.conversation import Conversation


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_is_read_or_refused_with_a_reason(name: str) -> None:
    """And the next message is answered, whatever came before."""
    thread, stream = Conversation.of("tests.adapters.runners.agui_streams:agent", kind="ag-ui"), STREAMS[name]
    if stream.answer is None:
        with pytest.raises(RunFailed) as caught:
            await thread.say(name)
        assert stream.reason in caught.value.reason
    else:
        assert await thread.say(name) == stream.answer
    assert await thread.say(NEXT) == "next"
