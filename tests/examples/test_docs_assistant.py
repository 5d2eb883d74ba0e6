"""The workflow that answers from the documentation."""

import os
from pathlib import Path

import pytest

from examples import docs_assistant
from examples.docs_assistant import DocsAssistant
from examples.docs_index import search_words, sections
from examples.quoting import blockquote
from orcheo_adapters.runners.registry import RunnerRegistry
from orcheo_core.domain.items import Citation
from orcheo_core.domain.run import PastMessage, RunContext, SourceCited, TextDelta
from orcheo_core.domain.sources import Source
from orcheo_core.domain.subject import Subject
from orcheo_core.domain.workflow import RunnerSpec
from tests.docs.pages import ROOT

README = """# Orcheo

Orcheo puts a door in front of a workflow.

## Install

Run `make demo`. It makes everything that is needed.

```sh
# not a heading
make demo
```
"""
TUTORIAL = """# Tutorial

## Publish a workflow

Publishing opens the workflow to visitors and shows its share link.
See [the rules](rules.md) and [ChatKit](https://example.org/chatkit).

## Rotate the publish token

Rotating makes a new publish token; the old one opens no new chat session.

## Nothing here yet

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README)
    (tmp_path / "docs" / "tutorial.md").write_text(TUTORIAL)
    return tmp_path


def context(*said: str) -> RunContext:
    history = tuple(PastMessage(said_by="visitor", text=text) for text in said)
    return RunContext(workflow_id="wf_1", thread_id="thr_1", turn_id="trn_1", subject=Subject("a"), history=history)


async def ask(root: Path, question: str, *said: str) -> tuple[str, list[SourceCited]]:
    events = [event async for event in DocsAssistant(root, pause=0).answer(question, context(*said))]
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text, [event for event in events if isinstance(event, SourceCited)]


async def test_quotes_the_passage_with_its_source(root: Path) -> None:
    """The best passage is quoted, with heading and file, in words and as a citation."""
    text, cited = await ask(root, "How can I rotate tokens?")
    assert text.startswith("This is what Orcheo's documentation says:")
    assert "**Tutorial › Rotate the publish token** (`docs/tutorial.md`)" in text
    assert "\n> Rotating makes a new publish token; the old one opens no new chat session." in text
    source = Source(title="Tutorial › Rotate the publish token", filename="docs/tutorial.md")
    assert cited == [SourceCited(Citation(source=source))]


@pytest.mark.parametrize("address", [None, "https://code.example.org/orcheo"])
async def test_titles_of_sources_are_plain_text(root: Path, address: str | None) -> None:
    """A heading with code in it loses its backticks, which the page would show; the words stay."""
    (root / "docs" / "cli.md").write_text("# CLI\n\n## `orcheo workflow publish`\n\nOpens a workflow to visitors.\n")
    assistant = DocsAssistant(root, pause=0, address=address)
    said = [event async for event in assistant.answer("How does orcheo workflow publish work?", context())]
    titles = [event.citation.source.title for event in said if isinstance(event, SourceCited)]
    assert "CLI › orcheo workflow publish" in titles
    assert not any("`" in title for title in titles)


async def test_a_heading_that_asks_the_same_comes_first(root: Path) -> None:
    """A question that the documentation asks in the same words is answered from there."""
    (root / "docs" / "more.md").write_text(
        "# Publish\n\n## Who may publish a workflow of someone else?\n\nNo publish, workflow.\n"
    )
    (root / "docs" / "questions.md").write_text("# Questions\n\n## How do I publish a workflow?\n\nWith the CLI.\n")
    _, cited = await ask(root, "How do I publish a workflow?")
    assert cited[0].citation.source.title == "Questions › How do I publish a workflow?"


async def test_streams_word_by_word(root: Path) -> None:
    """A reader sees the answer come."""
    events = [event async for event in DocsAssistant(root, pause=0).answer("hi", context())]
    assert events[:2] == [TextDelta("Hello!"), TextDelta(" I")]


@pytest.mark.parametrize(
    "question", ["What is the weather in Berlin?", "pancakes", "???!", "why?", '" OR NEAR( *', "💥"]
)
async def test_says_when_nothing_fits(root: Path, question: str) -> None:
    """Nothing is made up, and no question breaks the search."""
    text, cited = await ask(root, question)
    assert text.startswith(("I found nothing about that in Orcheo's documentation.", "Hello!"))
    assert "How do I publish a workflow?" in text
    assert cited == []


@pytest.mark.parametrize("greeting", ["hi", "Hello!", "help", "", "What can you do?"])
async def test_greets(root: Path, greeting: str) -> None:
    """Someone who does not know what to ask is told."""
    text, cited = await ask(root, greeting)
    assert "How do I publish a workflow?" in text
    assert text.startswith("Hello!")
    assert "which is in English" in text
    assert cited == []


async def test_takes_thanks(root: Path) -> None:
    """Thanks are no question."""
    assert (await ask(root, "Thank you!"))[0].startswith("You are welcome")


async def test_question_without_words_continues_the_last_one(root: Path) -> None:
    """*And why?* is about what was asked before."""
    text, _ = await ask(root, "and why?", "hi", "How do I rotate the publish token?")
    assert "Rotating makes a new publish token" in text


async def test_sees_changed_and_removed_files(root: Path) -> None:
    """No restart is needed after an edit."""
    assistant = DocsAssistant(root, pause=0)

    async def cites(question: str) -> list[object]:
        return [event async for event in assistant.answer(question, context()) if isinstance(event, SourceCited)]

    assert not await cites("pancakes")
    (root / "docs" / "food.md").write_text("# Food\n\nPancakes are good.\n")
    assert await cites("pancakes")
    os.unlink(root / "docs" / "food.md")  # noqa: PTH108 - as an editor would
    assert not await cites("pancakes")


async def test_checkout_without_docs_has_nothing(tmp_path: Path) -> None:
    """No files, no error."""
    assert (await ask(tmp_path, "publish"))[0].startswith("I found nothing")


def test_sections_know_code_from_headings() -> None:
    """A comment in a code block is no heading, and a heading with nothing under it no passage."""
    assert [(each.heading, each.text[:12]) for each in sections(README + TUTORIAL, "x.md")] == [
        ("Orcheo", "Orcheo puts "),
        ("Orcheo › Install", "Run `make de"),
        ("Tutorial › Publish a workflow", "Publishing o"),
        ("Tutorial › Rotate the publish token", "Rotating mak"),
    ]


def test_text_before_any_heading_is_named_by_its_file() -> None:
    """Even a document without headings can be quoted."""
    assert [each.heading for each in sections("<!-- note -->\nText.\n", "docs/x.md")] == ["docs/x.md"]


def test_search_words_leave_out_what_says_nothing() -> None:
    """Common words, repetitions and single letters are not looked for."""
    assert search_words("How do I publish and PUBLISH a workflow with 2 x?") == ("publish", "workflow", "2")


def test_quote_ends_at_a_sentence() -> None:
    """A long paragraph is cut where a sentence ends."""
    assert blockquote("One two. Three four. Five six seven.", length=25) == "> One two. Three four. …"


def test_quote_without_sentences_ends_at_a_word() -> None:
    """Words stay whole."""
    assert blockquote("one two three four", length=10) == "> one two …"


def test_quote_closes_a_code_block() -> None:
    """A long code block ends with whole lines and its fence."""
    assert blockquote("```sh\none\ntwo\nthree\n```", length=13) == "> ```sh\n> one\n> ```\n>\n> …"


def test_quote_keeps_blocks_whole() -> None:
    """What does not fit any more is left out as a whole, and the gap is shown."""
    text = "Run this:\n\n```sh\nmake demo\n\nmake test\n```\n\nThen wait for a while."
    assert blockquote(text, length=45) == "> Run this:\n>\n> ```sh\n> make demo\n>\n> make test\n> ```\n>\n> …"


def test_quote_cuts_lists_and_tables_at_lines() -> None:
    """Half an entry would mislead."""
    assert blockquote("- one two\n- three four", length=12) == "> - one two\n>\n> …"


def test_quote_joins_wrapped_lines() -> None:
    """A page's line width is not the chat's; entries of lists, rows and code keep their lines."""
    text = "One\ntwo.\n\n- three\n  four\n- five\n\n| a |\n|---|\n\n```sh\nsix\nseven\n```"
    quote = "One two.\n\n- three four\n- five\n\n| a |\n|---|\n\n```sh\nsix\nseven\n```"
    assert blockquote(text) == "\n".join(f"> {line}".rstrip() for line in quote.splitlines())


def test_quote_has_no_links_that_lead_nowhere() -> None:
    """Links inside the checkout become text, links to the web stay."""
    text = "See [rules](rules.md), ![picture](a.png) and [web](https://example.org)."
    assert blockquote(text) == "> See rules, picture and [web](https://example.org)."


async def test_runs_as_a_workflow() -> None:
    """The server can execute it under its published target."""
    await RunnerRegistry().get("python").check(RunnerSpec(kind="python", target="examples.docs_assistant:answer"))
    assert isinstance(await anext(docs_assistant.answer("hi", context())), TextDelta)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How do I install it with pip?", 'pip install ".[standard]"'),
        ("Which kinds of workflows can I publish?", "`langgraph`: a compiled LangGraph graph"),
        ("How do I back up my data?", "copy the whole data folder"),
    ],
)
async def test_newcomers_questions_are_answered_from_the_real_pages(question: str, answer: str) -> None:
    """The first passage says what to do."""
    assert answer in (await ask(ROOT, question))[0]


async def test_sources_are_links_where_the_files_are_on_the_web(root: Path) -> None:
    """To the heading, as code hosts name its place; without an address they are file names."""
    assistant = DocsAssistant(root, pause=0, address="https://code.example.org/orcheo/main/")
    said = [event async for event in assistant.answer("How do I rotate the publish token?", context())]
    (cited,) = [event.citation.source for event in said if isinstance(event, SourceCited)]
    assert cited.url == "https://code.example.org/orcheo/main/docs/tutorial.md#rotate-the-publish-token"
