"""Properties of the domain's values: tokens, ids, pages, drafts, answers to questions."""

import re
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from orcheo_core import generate_publish_token, hash_publish_token, mask_publish_token
from orcheo_core.domain import base62
from orcheo_core.domain.actor import Actor
from orcheo_core.domain.ids import CHANCE_BYTES, EPOCH, IdKind, compose_ids, is_id, moment_of
from orcheo_core.domain.items import AnswerPart, AssistantItem, TagInput, TextInput, UserItem
from orcheo_core.domain.opaque_token import OpaqueToken, Pepper, PepperRing
from orcheo_core.domain.pages import PageQuery
from orcheo_core.domain.publish_token import PUBLISH_TOKEN_PREFIX, TokenEnd
from orcheo_core.domain.structured_input import Question, QuestionAnswer
from orcheo_core.domain.subject import Subject
from orcheo_core.errors import InvalidInput
from tests import samples
from tests.fakes.entropy import FakeEntropy

TOKEN = re.compile(r"orc_pt_[0-9A-Za-z]{60}")
ALPHABET = st.sampled_from(base62.ALPHABET)


@given(st.integers())
def test_a_publish_token_has_the_documented_form(seed: int) -> None:
    """Secret scanners look for it."""
    token = OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, FakeEntropy(seed).random_bytes)
    assert TOKEN.fullmatch(token.reveal())
    assert OpaqueToken.parse(PUBLISH_TOKEN_PREFIX, token.reveal()) == token
    assert token.reveal()[20:] not in repr(token) + str(token) + token.hint


@given(place=st.integers(7, 66), letter=ALPHABET)
def test_a_mistyped_publish_token_is_noticed(place: int, letter: str) -> None:
    """By its check digits, without asking the store."""
    text = OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, FakeEntropy(1).random_bytes).reveal()
    wrong = text[:place] + letter + text[place + 1 :]
    assert wrong == text or OpaqueToken.parse(PUBLISH_TOKEN_PREFIX, wrong) is None


@pytest.mark.parametrize("text", ["", "orc_pt_", "orc_st_" + "0" * 60, "orc_pt_" + "é" * 60, "orc_pt_" + "-" * 60])
def test_other_texts_are_no_publish_tokens(text: str) -> None:
    """Whatever their form."""
    assert OpaqueToken.parse(PUBLISH_TOKEN_PREFIX, text) is None


@pytest.mark.parametrize("pepper", [b"", b"p" * 31])
def test_a_pepper_that_is_too_short_makes_no_digest(pepper: bytes) -> None:
    """As little as it makes a ring: with a key that can be guessed, digests open what they should protect."""
    with pytest.raises(ValueError, match="at least 32 bytes"):
        hash_publish_token(generate_publish_token(), pepper)


def test_the_public_helpers_make_mask_and_digest() -> None:
    """The digest depends on the pepper, the mask shows the public part only."""
    token = generate_publish_token()
    assert TOKEN.fullmatch(token)
    assert hash_publish_token(token, b"p" * 32) != hash_publish_token(token, b"q" * 32)
    assert mask_publish_token(token) == token[:18] + "…"
    assert mask_publish_token("anything else") == "orc_pt_…"


def test_older_peppers_verify_the_newest_digests() -> None:
    """A digest whose pepper is gone matches nothing."""
    token = OpaqueToken.generate(PUBLISH_TOKEN_PREFIX, FakeEntropy().random_bytes)
    old, new = Pepper(id="1", key=b"1" * 32), Pepper(id="2", key=b"2" * 32)
    digest = PepperRing((old,)).digest(token)
    assert PepperRing((new, old)).matches(token, digest)
    assert not PepperRing((new,)).matches(token, digest)
    assert not PepperRing((new,)).matches(token, None)
    assert PepperRing((new, old)).digest(token).pepper_id == "2"


def test_a_ring_needs_a_pepper() -> None:
    """Or nothing could be issued."""
    with pytest.raises(ValueError, match="pepper"):
        PepperRing(())


def test_a_short_pepper_is_refused() -> None:
    """Thirty-two bytes at least."""
    with pytest.raises(ValueError, match="32"):
        Pepper(id="1", key=b"short")


@given(
    st.lists(st.integers(0, 2**52), min_size=2, max_size=20), st.binary(min_size=CHANCE_BYTES, max_size=CHANCE_BYTES)
)
def test_ids_sort_by_their_moments(moments: list[int], chance: bytes) -> None:
    """And have the form that is_id knows."""
    ids = [compose_ids([IdKind.ITEM], each, chance)[0] for each in moments]
    assert [ids[moments.index(each)] for each in sorted(moments)] == sorted(ids)
    assert all(is_id(IdKind.ITEM, each) and not is_id(IdKind.TURN, each) for each in ids)


@given(st.integers(0, 62**9 - 1), st.integers(0, 62**9 - 1))
def test_numbers_in_base62_sort_as_numbers(one: int, other: int) -> None:
    """At one width."""
    first, second = base62.encode(one, 9), base62.encode(other, 9)
    assert (first < second) == (one < other)
    assert len(first) == 9
    assert base62.is_base62(first)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_page_has_1_to_100_entries(limit: int) -> None:
    """Nothing else reaches the store."""
    with pytest.raises(InvalidInput):
        PageQuery(limit=limit)


@pytest.mark.parametrize(
    "wrong", [{"handle": "A"}, {"handle": "-a"}, {"name": " "}, {"name": "a\nb"}, {"description": "x" * 4_001}]
)
def test_fields_of_a_workflow_are_checked(wrong: dict[str, Any]) -> None:
    """The error names the field."""
    with pytest.raises(InvalidInput) as caught:
        samples.workflow(**wrong)
    assert [each.path for each in caught.value.fields] == list(wrong)


def test_the_text_of_a_message_shows_tags_by_their_words() -> None:
    """As the visitor saw it."""
    item = UserItem(
        id="msg_1",
        thread_id="thr_1",
        turn_id="trn_1",
        created_at=samples.moment(1),
        content=(TextInput(text="Ask "), TagInput(id="t", text="@ada")),
    )
    assert item.text == "Ask @ada"
    answer = AssistantItem(id="msg_2", thread_id="thr_1", turn_id="trn_1", created_at=samples.moment(1))
    assert answer.with_answer(AnswerPart(text="yes")).text == "yes"


@given(st.lists(st.text(max_size=3), max_size=4), st.booleans(), st.booleans(), st.booleans())
def test_answers_to_questions(values: list[str], skipped: bool, multiple: bool, free: bool) -> None:
    """Nothing given is skipped; a single choice keeps one value, anything else keeps all."""
    question = Question(id="q", question="?", options=() if free else ("a", "b"), multiple=multiple)
    answer = question.answered(QuestionAnswer(values=tuple(values), skipped=skipped)).answer
    assert answer is not None
    if skipped or not values:
        assert answer == QuestionAnswer(skipped=True)
    else:
        assert answer.values == tuple(values if free or multiple else values[:1])


def test_ends_and_names_stay_as_they_were_first() -> None:
    """A turn, a chat session and a publish token end once; an actor is shown as an owner."""
    token = samples.publish_token()
    ended = token.ended(TokenEnd.ROTATED, at=samples.moment(5))
    assert ended.ended(TokenEnd.REVOKED, at=samples.moment(9)) == ended
    assert token.hint.startswith(PUBLISH_TOKEN_PREFIX)
    assert str(Actor("ada")) == "owner:ada"


def test_a_subject_as_text_is_its_key() -> None:
    """So that a workflow can hand it on as a user id."""
    assert f"{Subject.anonymous('vis_1')}" == "anon:vis_1"


def test_an_id_says_when_it_was_made() -> None:
    """To the microsecond; a text without a moment says 1970."""
    moment = EPOCH + timedelta(microseconds=1_795_435_200_000_001)
    made = compose_ids([IdKind.THREAD], 1_795_435_200_000_001, b"7" * CHANCE_BYTES)[0]
    assert moment_of(made) == moment
    assert moment_of("thr_1") == EPOCH + timedelta(microseconds=1)
    assert moment_of("") == moment_of("thr_-") == EPOCH
