"""What each command of ``orcheo thread`` does and says to people."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve, frozen
from click import unstyle

from orcheo_adapters.client.remote import Operations
from orcheo_cli.other_results import transcript_lines
from orcheo_cli.results import result_lines
from tests.cli.command_line import CommandLine, assert_error
from tests.sync_server import SyncTestServer


@pytest.fixture
def thread_id(sync_server: SyncTestServer) -> str:
    """A thread in which a visitor said *Hello* and the workflow said it back."""
    sync_server.add()
    return sync_server.chat("echo")


def test_list_shows_who_chatted_and_when(orcheo: CommandLine, thread_id: str) -> None:
    """With the title, which is what was said first."""
    heading, row = orcheo("thread", "list", "echo").out.splitlines()
    assert heading.split() == ["ID", "VISITOR", "LAST", "SAID", "TITLE"]
    assert row.startswith(f"{thread_id}  program:")
    assert row.endswith("2026-11-23 12:00 UTC  Hello")


def test_search_finds_by_words(orcheo: CommandLine, thread_id: str) -> None:
    """Or says that there are none."""
    assert thread_id in orcheo("thread", "list", "echo", "--search", "hello").out
    assert orcheo("thread", "list", "echo", "--search", "goodbye").out == "No threads match.\n"


def test_list_says_how_to_go_on(orcheo: CommandLine, sync_server: SyncTestServer, thread_id: str) -> None:
    """Newest first."""
    sync_server.result("workflows.unpublish", ref="echo")
    newer = sync_server.chat("echo")
    said = orcheo("thread", "list", "echo", "--limit", "1")
    assert said.out.splitlines()[-1].startswith(newer)
    assert said.err == f"There are more: orcheo thread list echo --limit 1 --after {newer}\n"
    assert thread_id in orcheo("thread", "list", "echo", "--after", newer).out


def test_show_reads_like_a_conversation(orcheo: CommandLine, thread_id: str) -> None:
    """Who said what, when."""
    assert orcheo("thread", "show", thread_id).out.splitlines() == [
        "Hello",
        f"{thread_id} of program:7Jsy6CM5YSK, latest turn completed",
        "",
        "Visitor, 2026-11-23 12:00 UTC",
        "│ Hello",
        "",
        "Workflow, 2026-11-23 12:00 UTC",
        "│ Hello",
    ]
    assert "There are more: orcheo thread show thr_" in orcheo("thread", "show", thread_id, "--limit", "1").err


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_transcript_is_broken_between_words(orcheo: CommandLine, thread_id: str, width: int) -> None:
    """Its first lines too, by us and not by the terminal in the middle of one."""
    lines = "\n".join(transcript_lines(json.loads(orcheo("thread", "show", thread_id, "--json").out), width)).split(
        "\n"
    )
    assert all(len(unstyle(line)) <= width for line in lines)
    assert "latest turn completed" in " ".join(map(unstyle, lines))


def test_export_prints_the_document_alone(orcheo: CommandLine, thread_id: str) -> None:
    """So that it can go into a file."""
    markdown = orcheo("thread", "export", thread_id)
    assert markdown.out.startswith("# Hello\n\nThread thr_")
    assert markdown.out.endswith("> Hello\n")
    document = json.loads(orcheo("thread", "export", thread_id, "--format", "json").out)
    assert [item["text"] for item in document["items"]] == ["Hello", "Hello"]


def test_purge_asks_first_and_says_how_many(orcheo: CommandLine, thread_id: str) -> None:
    """And needs to be told which ones."""
    assert_error(orcheo("thread", "purge", "echo", "--thread", thread_id), 2, detail="confirmation", hint="--yes")
    assert orcheo("thread", "purge", "echo", "--yes").code == 2
    assert orcheo("thread", "purge", "echo", "--thread", thread_id, "--yes").out == "Purged 1 thread of echo.\n"
    assert orcheo("thread", "list", "echo").out == "No threads found.\n"
    assert_error(orcheo("thread", "show", thread_id), 3, detail="No thread", hint="")


def test_purge_counts_before_it_asks(orcheo: CommandLine, thread_id: str) -> None:
    """The question says how many and of when; a no changes nothing, and nothing to purge is nothing to ask."""
    person = evolve(orcheo, at_terminal=True, answers="n\n")
    said = person("thread", "purge", "echo", "--all")
    asked = " ".join(said.err.split())
    assert asked.startswith("Purge 1 thread of echo, last used on 2026-11-23 12:00 UTC? It cannot be brought back.")
    assert thread_id in orcheo("thread", "list", "echo").out
    assert person("thread", "purge", "echo", "--older-than-days", "1").out == "Purged 0 threads of echo.\n"
    assert evolve(person, answers="y\n")("thread", "purge", "echo", "--all").out == "Purged 1 thread of echo.\n"


def test_a_dry_run_needs_no_confirmation(orcheo: CommandLine, thread_id: str) -> None:
    """As it changes nothing."""
    said = orcheo("thread", "purge", "echo", "--all", "--dry-run")
    assert said.out == "Would purge 1 thread of echo, last used on 2026-11-23 12:00 UTC.\n"
    assert thread_id in orcheo("thread", "list", "echo").out
    assert orcheo("thread", "purge", "echo", "--visitor", "anon:a", "--dry-run").out == (
        "No threads of echo match; nothing would be purged.\n"
    )


def test_a_turn_without_an_answer_is_said_in_a_sentence(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Not by the name that programs have for it, and once."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:silent")
    last = orcheo("thread", "show", sync_server.chat("echo")).out.splitlines()[-1]
    assert last == "Turn ended without an answer (no_answer)."


def test_a_failed_turn_says_why(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Below what was said; the workflow's page names the last failure, and the list finds its thread."""
    target = "tests.workflows:fails_for_a_reason"
    sync_server.result("workflows.add", handle="echo", runner="python", target=target)
    thread_id = sync_server.chat("echo")
    told = orcheo("thread", "show", thread_id).out
    assert "Turn failed (" in told
    assert "no such thing" in told
    shown = orcheo("workflow", "show", "echo").out
    assert "1 turn by 1 visitor, 1 failed" in shown
    assert "no such thing" in shown
    assert thread_id in orcheo("thread", "list", "echo", "--failed").out


def test_show_leaves_nothing_out_that_has_no_words(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """What the workflow kept for itself, and a widget, stand there as JSON; only the image's data does not."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:wordless")
    shown = orcheo("thread", "show", sync_server.chat("echo")).out
    assert '│ {"type": "Card", "children": []}' in shown
    assert '│ {"plan": "gold"}' in shown
    assert "│ data:image/png;base64, 8 characters" in shown
    assert "aGVsbG8=" not in shown


def test_an_answer_that_was_cut_off_says_so(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Behind the answer, as visitors have it in the page; thoughts are not part of the answer."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:cut_off")
    answered = orcheo("workflow", "ask", "echo", "Hello").out.splitlines()
    assert answered[:3] == ["Half an", "Notice: It was cut off.", "Notice: The limit is 5 tokens."]


def test_an_answer_without_text_has_no_empty_line() -> None:
    """Of an answer whose one widget was left out, the notices are what can be shown."""
    answered = {"answer": "", "sources": [], "notices": ["A widget was left out."], "thread_id": "thr_1"}
    assert next(result_lines(answered, None)) == "Notice: A widget was left out."


def test_a_whole_answer_has_no_mark(orcheo: CommandLine, thread_id: str) -> None:
    """A thread without failures is not among the failed ones."""
    assert orcheo("thread", "list", "echo", "--failed").out == "No threads match.\n"
    assert "Turn " not in orcheo("thread", "show", thread_id).out


FORGED = "thanks\n\nWorkflow, 2026-11-23 12:00 UTC\nWe grant you a refund. \U000e0069"


def test_nobody_writes_an_answer_into_a_transcript(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """What was said stands behind a bar, head lines do not; what is unseen is named. Both on screen and as Markdown.

    Findings: no one writes in another's name.
    """
    sync_server.add()
    thread_id = sync_server.chat("echo", FORGED)
    shown = orcheo("thread", "show", thread_id).out
    assert [line.partition(",")[0] for line in shown.splitlines()[1:] if "12:00 UTC" in line] == [
        "Visitor", "│ Workflow", "Workflow", "│ Workflow",
    ]  # fmt: skip
    assert "│ We grant you a refund. <U+E0069>" in shown
    exported = orcheo("thread", "export", thread_id).out
    assert "> We grant you a refund. <U+E0069>" in exported
    assert "\U000e0069" not in shown + exported + orcheo("thread", "list", "echo").out


def test_nobody_writes_into_what_owners_read_elsewhere(orcheo: CommandLine, sync_server: SyncTestServer) -> None:
    """Findings: no one writes in another's name. Why an answer failed repeats a visitor's words, a title is theirs."""
    sync_server.result("workflows.add", handle="echo", runner="python", target="tests.workflows:repeats_the_text")
    thread_id = sync_server.chat("echo", FORGED)
    shown = {
        name: orcheo(*name.split(), "echo" if name != "thread show" else thread_id).out
        for name in ("thread list", "thread show", "workflow show")
    }
    shown["audit"] = orcheo("audit").out
    for name, text in shown.items():
        assert "\U000e0069" not in text, name
        assert not [each for each in text.splitlines() if each.startswith("Workflow, 2026-11-23")], name
    assert "refund" in shown["workflow show"]


@frozen
class InParts(Operations):
    """A document that comes in three parts."""

    def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """See the port."""
        assert name in {"threads.export", "audit.export"}
        at = int(arguments.get("after", "0"))
        return {"content": f"part {at}\n", "media_type": "text/markdown", "next_after": str(at + 1) if at < 2 else None}


@pytest.mark.parametrize("command", [("thread", "export", "thr_1"), ("audit", "export")])
def test_a_document_is_written_whole_however_many_parts_it_comes_in(command: tuple[str, ...]) -> None:
    """As text part by part, as JSON in one result."""
    orcheo = CommandLine(connect=InParts)
    assert orcheo(*command).out == "part 0\npart 1\npart 2\n"
    as_json = json.loads(orcheo(*command, "--json").out)
    assert (as_json["content"], as_json["next_after"]) == ("part 0\npart 1\npart 2\n", None)


def test_only_the_server_is_waited_for_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the reader of a pager, who takes time while a part is printed."""
    waiting: list[str] = []
    asked_while: list[int] = []
    printed_while: list[int] = []

    @contextmanager
    def waiting_told() -> Iterator[None]:
        waiting.append("")
        yield
        waiting.clear()

    class Noted(InParts):
        def perform(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            asked_while.append(len(waiting))
            return super().perform(name, arguments)

    def noted(text: str) -> str:
        printed_while.append(len(waiting))
        return text

    monkeypatch.setattr("orcheo_cli.build.waiting_told", waiting_told)
    monkeypatch.setattr("orcheo_cli.build.clean", noted)
    CommandLine(connect=Noted)("thread", "export", "thr_1")
    assert (asked_while, printed_while) == ([1, 1, 1], [0, 0])
