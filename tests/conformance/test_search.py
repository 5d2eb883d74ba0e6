"""What every store must find."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orcheo_core.domain.items import AnswerPart, TextInput
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.search import SEARCHED_CHARACTERS, folded, search_words
from orcheo_core.domain.transcript import ThreadFilter
from orcheo_core.domain.turn import TurnStatus
from orcheo_core.errors import InvalidInput
from orcheo_core.ports.unit_of_work import Store
from tests import samples
from tests.conformance.keeping import keep


async def said(store: Store, *texts: str, workflow: int = 1) -> None:
    """One thread for each text, with a turn that is over."""
    for number, text in enumerate(texts, 1 + 10 * workflow):
        turn = samples.turn(number, of=number, workflow_id=f"wf_{workflow}")
        question = samples.user_item(number, of=number, turn_id=turn.id, content=(TextInput(text=text),))
        await keep(store, samples.thread(number, of=workflow), turn, question)
        change = store.begin()
        change.turns.save(turn.ended(TurnStatus.COMPLETED, samples.moment(90)))
        await change.commit()


async def found(store: Store, search: str, **query: Any) -> list[str]:
    """The ids of the threads that a search finds in the first workflow."""
    wanted = ThreadFilter(workflow_id="wf_1", words=search_words(search))
    return [each.id for each in (await store.begin().threads.page(wanted, PageQuery(**query))).entries]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("invoice", ["thr_11", "thr_12"]),
        ("INVOICE paid", ["thr_12"]),
        ("paid invoice", ["thr_12"]),
        ("voic", ["thr_11", "thr_12"]),
        ("resume", ["thr_13"]),
        ("RÉSUMÉ", ["thr_13"]),
        ("请求", ["thr_14"]),
        ("求", ["thr_14"]),
        ("id", ["thr_12"]),
        ('"quoted', ["thr_15"]),
        ("50%", ["thr_15"]),
        ("strasse", ["thr_16"]),
        ("NOT near", []),
        ("invoice résumé", []),
        ("nowhere", []),
    ],
)
async def test_all_words_must_be_in_one_item(store: Store, search: str, expected: list[str]) -> None:
    """Without regard to case and accents, inside of words, in every language; nothing is an operator."""
    await keep(store, samples.workflow(1))
    await said(
        store,
        "Where is my invoice?",
        "The invoice was paid.",
        "My résumé",
        "我的请求在哪里",
        'A "quoted" 50% off',
        "Hauptstraße",
    )
    assert await found(store, search) == expected


async def test_a_search_is_of_one_workflow_and_comes_in_pages(store: Store) -> None:
    """Newest first if so asked."""
    await keep(store, samples.workflow(1), samples.workflow(2))
    await said(store, "hello", "hello", "hello")
    await said(store, "hello", workflow=2)
    assert await found(store, "hello", limit=2, newest_first=True) == ["thr_13", "thr_12"]
    assert await found(store, "hello", limit=2, newest_first=True, after="thr_12") == ["thr_11"]


async def test_hidden_items_are_not_found(store: Store) -> None:
    """No one said them."""
    await keep(store, samples.workflow())
    await said(store, "hello")
    await keep(store, samples.hidden_item(50, of=11, turn_id="trn_11", content="secret plan"))
    assert await found(store, "hello") == ["thr_11"]
    assert await found(store, "secret") == []


async def test_what_is_changed_or_removed_is_found_no_more(store: Store) -> None:
    """A search sees what the store holds now, even where it was indexed before."""
    await keep(store, samples.workflow())
    await said(store, "alpha", "beta")
    assert await found(store, "alpha") == ["thr_11"]
    await keep(store, samples.user_item(11, of=11, turn_id="trn_11", content=(TextInput(text="gamma"),)))
    assert (await found(store, "alpha"), await found(store, "gamma")) == ([], ["thr_11"])
    change = store.begin()
    change.threads.remove("thr_12")
    await change.commit()
    assert await found(store, "beta") == []


async def test_long_threads_are_found_to_their_end(store: Store) -> None:
    """More items than are indexed at once."""
    await keep(store, samples.workflow())
    await said(store, "hello")
    items = [
        samples.assistant_item(2000 + each, of=11, turn_id="trn_11", content=(AnswerPart(text=f"number{each}"),))
        for each in range(450)
    ]
    await keep(store, *items)
    await keep(store, items[0])  # said again, so that its turn is looked at again
    assert await found(store, "number0") == ["thr_11"]
    assert await found(store, "number449") == ["thr_11"]


async def test_a_long_text_is_found_by_its_beginning(store: Store) -> None:
    """To index all of a megabyte would take much longer than to keep it."""
    await keep(store, samples.workflow(1))
    await said(store, f"{'x' * (SEARCHED_CHARACTERS - 10)} inside! beyond", "beyond")
    assert await found(store, "inside") == ["thr_11"]
    assert await found(store, "beyond") == ["thr_12"]


async def test_a_store_can_be_tidied_at_any_time(store: Store) -> None:
    """Nothing that is there is lost by it."""
    await store.tidy()
    await keep(store, samples.workflow())
    await said(store, "hello")
    await store.tidy(erase=True)
    assert await found(store, "hello") == ["thr_11"]


@given(st.text(), st.text())
def test_folding_twice_is_folding_once(text: str, more: str) -> None:
    """So words and texts may be folded apart and still match."""
    assert folded(folded(text)) == folded(text)
    assert "\0" not in folded(text + more)


@pytest.mark.parametrize("search", ["", "  \t", "\0", " ".join(f"w{each}" for each in range(11))])
def test_a_search_has_words(search: str) -> None:
    """One at least, ten at most."""
    with pytest.raises(InvalidInput):
        search_words(search)


@pytest.mark.parametrize("long", ["\ufdfa", "\ufdfb", "\u3300", "\u2a74"])
def test_what_spreads_into_many_letters_makes_no_long_text_longer_still(long: str) -> None:
    """A message of the longest of them took seconds and megabytes to index; a few are found by their letters."""
    assert len(folded(long * 50_000)) <= 4 * 50_000 + 1_000
    assert folded(long * 50) == folded(long) * 50
