"""JSON Patch and the bounds of a state."""

from typing import Any

import pytest

from orcheo_adapters.runners.agui.json_state import (
    MOST_CHARACTERS,
    MOST_OPERATIONS,
    MOST_WORK,
    AgentState,
    PatchFailed,
    StateUnusable,
    measure,
    patched,
)


def change(op: str, path: str, **fields: Any) -> dict[str, Any]:
    """One operation."""
    return {"op": op, "path": path, **fields}


@pytest.mark.parametrize(
    ("document", "operations", "after"),
    [
        ({"a": 1}, [change("add", "/b", value=2)], {"a": 1, "b": 2}),
        ({"a": 1}, [change("add", "/a", value=None)], {"a": None}),
        ({"a": [1, 3]}, [change("add", "/a/1", value=2)], {"a": [1, 2, 3]}),
        ({"a": [1]}, [change("add", "/a/-", value=2), change("add", "/a/2", value=3)], {"a": [1, 2, 3]}),
        ({"a": 1}, [change("add", "", value=[1])], [1]),
        ({"a": {"b": 1, "c": 2}}, [change("remove", "/a/b")], {"a": {"c": 2}}),
        ({"a": [1, 2]}, [change("remove", "/a/0")], {"a": [2]}),
        ({"a": 1}, [change("remove", "")], None),
        ({"a": 1}, [change("replace", "/a", value={"b": 2})], {"a": {"b": 2}}),
        ({"a": [1, 2]}, [change("replace", "/a/1", value=3)], {"a": [1, 3]}),
        ({"a": {"b": 1}}, [change("move", "/c", **{"from": "/a/b"})], {"a": {}, "c": 1}),
        ({"a": [1, 2, 3]}, [change("move", "/a/0", **{"from": "/a/2"})], {"a": [3, 1, 2]}),
        ({"a": [1]}, [change("copy", "/b", from_="/a")], {"a": [1], "b": [1]}),
        ({"a/b": {"c~d": 1}}, [change("replace", "/a~1b/c~0d", value=2)], {"a/b": {"c~d": 2}}),
        ({"": 1}, [change("replace", "/", value=2)], {"": 2}),
        ({"a": 1}, [change("test", "/a", value=1.0)], {"a": 1}),
        ({"a": [{"b": 1}]}, [change("test", "/a", value=[{"b": 1}])], {"a": [{"b": 1}]}),
        ({"a": 1}, [], {"a": 1}),
    ],
)
def test_patches_apply_as_rfc_6902_says(document: Any, operations: list[Any], after: Any) -> None:
    """The document that was there stays as it was."""
    before = repr(document)
    assert patched(document, operations)[0] == after
    assert repr(document) == before


@pytest.mark.parametrize(
    ("operations", "what"),
    [
        ("nonsense", "not a list"),
        ([1], "operation 1: it is not an object"),
        ([change("grow", "/a")], "'grow' is not known"),
        ([change("add", "a", value=1)], "path is not a JSON Pointer"),
        ([{"op": "add", "value": 1}], "path is not a JSON Pointer"),
        ([change("add", "/x")], "it has no value"),
        ([change("replace", "/x", value=1)], "there is no '/x'"),
        ([change("remove", "/a/5")], "there is no '/a/5'"),
        ([change("add", "/a/9", value=1)], "there is no '/a/9'"),
        ([change("remove", "/a/-")], "'/a/-' is not an index"),
        ([change("remove", "/a/01")], "'/a/01' is not an index"),
        ([change("remove", "/t/x")], "there is no '/t/x'"),
        ([change("add", "/n/x/y", value=1)], "there is no '/n/x'"),
        ([change("move", "/n/x", **{"from": "/n"})], "cannot be moved into itself"),
        ([change("test", "/t", value="no")], "the value at '/t' is another one"),
        ([change("test", "", value={})], "the value at the top is another one"),
        ([change("test", "/one", value=True)], "the value at '/one' is another one"),
        ([change("add", "/n/y", value=1), change("remove", "/z")], "operation 2: there is no '/z'"),
        ([change("add", "/x" * 61, value=1)], "leads more than 60 levels down"),
        ([change("remove", "/a/0")] * (MOST_OPERATIONS + 1), "more than 1,000 operations"),
    ],
)
def test_patches_that_do_not_apply_say_why(operations: Any, what: str) -> None:
    """By the number of the operation."""
    with pytest.raises(PatchFailed, match=what):
        patched({"a": [1, 2], "t": "text", "n": {}, "one": 1}, operations)


@pytest.mark.parametrize(
    "value",
    [
        "x" * 70_000,
        ["x" * 1_000] * 70,
        {"x" * 70_000: 1},
        [0] * 10_001,
        [[1] * 9_999, 1],
        float("nan"),
        2**64,
        {1: 2},
        object(),
        b"bytes",
    ],
)
def test_what_cannot_be_kept(value: Any) -> None:
    """Too long, too many values, not JSON."""
    with pytest.raises(StateUnusable):
        measure(value)


def test_depth_is_bounded() -> None:
    """Sixty levels are."""
    value: Any = 1
    for _ in range(60):
        value = [value]
    assert measure(value) > 0
    with pytest.raises(StateUnusable, match="more than 60 levels deep"):
        measure([value])


def test_a_state_grows_to_its_bound() -> None:
    """By pieces, and by copies that double it each time; what replaces counts once."""
    state = AgentState({"a": ""})
    for length in range(0, 60_000, 6_000):
        state.patch([change("replace", "/a", value="x" * length)])
    assert state.fault is None
    assert measure(state.value) < MOST_CHARACTERS
    state.replace({"a": "x" * 100})
    for number in range(20):
        state.patch([change("copy", f"/{number}", **{"from": ""})])
    assert state.value is None
    assert state.fault == ("The agent's state is not kept: it has more than 65,536 characters or 10,000 values.")


def test_patches_of_a_state_that_is_not_known_are_ignored() -> None:
    """Until the next snapshot, which is as good as the first."""
    state = AgentState({"a": 1})
    state.patch([change("remove", "/b")])
    state.patch([change("replace", "/a", value=2)])
    assert state.value == {"a": 1}
    assert "does not apply" in str(state.fault)
    state.replace({"a": 3})
    state.patch([change("replace", "/a", value=4)])
    assert [state.value, state.fault] == [{"a": 4}, None]


@pytest.mark.parametrize(
    "operation",
    [
        change("copy", "/b", **{"from": "/a"}),
        change("replace", "/a", value=[1] * 2_900),
        change("test", "/a", value=[1] * 2_900),
        change("add", "/a/0", value=1),
        change("move", "/a/1", **{"from": "/a/0"}),
    ],
    ids=lambda operation: str(operation["op"]),
)
def test_a_patch_that_would_take_seconds_is_not_applied(operation: dict[str, Any]) -> None:
    """A thousand operations fit into 40 kB, and each may look at all of the state: other chats would wait for it."""
    state = AgentState({"a": [1] * 2_900})
    state.patch([operation] * MOST_OPERATIONS)
    assert state.fault == f"The agent's state is not kept: the patch takes more than {MOST_WORK:,} steps."
    state.replace({"a": [1] * 2_900})
    state.patch([operation] * 10)
    assert state.fault is None
