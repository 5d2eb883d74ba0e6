"""Where the tests are of what agents, servers and endpoints do wrong; each has to be there under its name."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
_AGUI = "../adapters/runners/test_agui_events.py"
ROWS = {
    "a framework or its bridge is not installed": (
        "../adapters/runners/agents/test_bridges.py::test_a_bridge_that_is_not_installed_is_named_with_the_command",
    ),
    "two event loops": (
        "test_python_runner.py::test_python_sync_answers_share_one_loop",
        "test_python_runner.py::test_python_what_needs_the_running_loop_is_called_on_it",
    ),
    "another version of the protocol": (
        f"{_AGUI}::test_fields_that_1_0_does_not_have_are_ignored",
        f"{_AGUI}::test_old_servers_ask_in_other_ways",
    ),
    "events out of order or twice": (f"{_AGUI}::test_events_out_of_order_are_read_as_far_as_they_make_sense",),
    "huge events": (
        "test_agui_runner.py::test_what_is_not_an_agents_answer_fails_with_a_reason",
        "test_agui_runner.py::test_a_huge_event_ends_the_answer_and_the_next_message_works",
        f"{_AGUI}::test_an_activity_that_is_no_widget_is_a_status_line",
        "test_http_runner.py::test_what_is_not_as_described_is_named",
        "test_openai_runner.py::test_an_answer_without_end_is_cut",
    ),
    "unknown events": (f"{_AGUI}::test_unknown_events_are_left_out",),
    "a stream that never ends": ("test_runners.py::test_time_out_ends_a_workflow_that_works",),
    "events after the end": (
        f"{_AGUI}::test_what_follows_the_end_is_not_looked_at",
        "test_agui_runner.py::test_a_stream_that_goes_on_after_its_end_is_left",
    ),
    "a state of 50 MB": (f"{_AGUI}::test_a_state_that_is_too_large_is_not_kept",),
    "a JSON Patch that does not apply": (
        f"{_AGUI}::test_a_patch_that_does_not_apply_is_told",
        "../adapters/runners/test_agui_state.py::test_a_patch_that_would_take_seconds_is_not_applied",
    ),
    "a tool call that never ends": (f"{_AGUI}::test_a_call_that_never_ends_is_not_left_under_way",),
    "writes to standard output": (
        "../adapters/system/test_running.py::test_lines_of_a_run_begin_with_the_workflow",
        "test_isolation.py::test_output_is_bounded_and_named",
        "test_openai_programs.py::test_prints_of_a_program_are_passed_over",
    ),
    "an approval answered twice or after a restart": (
        "test_openai_programs.py::test_a_call_waits_for_the_visitor",
        "test_openai_programs.py::test_an_answer_counts_once",
        (
            "../adapters/runners/agents/test_openai_agents.py::"
            "test_an_answer_given_twice_gets_a_sentence_and_the_next_message_works"
        ),
    ),
    "a response that the endpoint forgot": (
        "test_openai_responses.py::test_an_endpoint_that_has_forgotten_is_sent_the_history",
    ),
    "an MCP server that hangs or dies": (
        "test_openai_tools.py::test_a_server_that_hangs_ends_the_turn_and_the_next_message_works",
        "test_openai_programs.py::test_a_program_that_dies_or_hangs_ends_the_turn_and_the_next_message_works",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_tests(row: str) -> None:
    """A test that is renamed is renamed here too."""
    for each in ROWS[row]:
        file, _, name = each.partition("::")
        assert f"def {name}(" in (HERE / file).read_text("utf-8"), each
