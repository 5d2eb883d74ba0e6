"""Who speaks in a graph that gives very many messages."""

import pytest

from orcheo_adapters.runners import langgraph_floor
from orcheo_adapters.runners.langgraph_floor import PARAGRAPH, Floor
from orcheo_core.domain.run import TextDelta


def test_a_message_is_compared_with_some_of_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all of them, 20,000 messages of one node took minutes, while all chats waited."""
    compared, news = [0], langgraph_floor._news

    def counted(text: str, said: list[langgraph_floor._Message]) -> tuple[str, langgraph_floor._Message | None]:
        compared.append(len(said))
        return news(text, said)

    monkeypatch.setattr(langgraph_floor, "_news", counted)
    floor = Floor()
    streamed = [*floor.chunk("first", "Hi", tasks=frozenset({"b"}), ends=True)]
    for number in range(300):
        assert [*floor.whole(f"{number}", f"<{number}>", task="a", tasks=frozenset({"a", ""}))][-1] == TextDelta(
            f"<{number}>"
        )
    assert streamed == [TextDelta("Hi")]
    assert [*floor.whole("again", "Hi there", task="b", tasks=frozenset({"b", ""}))] == [PARAGRAPH, TextDelta(" there")]
    assert max(compared) == 100


def test_a_thought_takes_no_floor_and_no_room_of_what_is_held() -> None:
    """Another message is said meanwhile, and a held one can be withdrawn however long its thought was."""
    floor = Floor()
    tasks = frozenset({"a"})
    assert [*floor.chunk("thinks", "<think>Hm", tasks=tasks, ends=False)] == []
    assert [*floor.chunk("other", "Hi", tasks=frozenset({"b"}), ends=True)] == [TextDelta("Hi")]
    assert [*floor.chunk("thinks", "</think>So", tasks=tasks, ends=True)] == [PARAGRAPH, TextDelta("So")]
    long = f"<think>{'Hm. ' * 100}</think>I ask."
    assert [*floor.chunk("held", long, tasks=frozenset({"c"}), ends=False, holds=True)] == []
    assert floor.withdraw("held") == "I ask."
    assert floor.has_thought


def test_what_may_begin_a_tag_is_said_at_the_end() -> None:
    """A whole message may consist of it, or continue it."""
    floor = Floor()
    assert [*floor.chunk("a", "<th", tasks=frozenset({"a"}), ends=False)] == []
    assert [*floor.end("a")] == [TextDelta("<th")]
    assert [*floor.whole("b", "<thing>", task="a", tasks=frozenset({"a"}))] == [TextDelta("ing>")]
