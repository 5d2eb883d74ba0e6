"""The rules of parameters are checked for every caller, and shown in every schema; tools are named by one rule."""

import re
from collections.abc import Callable

import pytest

from orcheo_adapters.runners.registry import KINDS
from orcheo_adapters.wire.json_schema import request_schema
from orcheo_core.domain.workflow import RUNNER_KINDS
from orcheo_core.errors import FieldError, InvalidInput
from orcheo_core.operations.audit import ListAudit
from orcheo_core.operations.catalogue import CATALOGUE
from orcheo_core.operations.operation import broken_rules, tool_name
from orcheo_core.operations.publishing import PublishWorkflow, SetLogin
from orcheo_core.operations.threads import ExportThread, ListThreads, PurgeThreads
from orcheo_core.operations.tokens import CreateServiceToken
from orcheo_core.operations.workflows import AddWorkflow, EditWorkflow


def test_every_tool_has_a_name_that_assistants_take() -> None:
    """Claude and OpenAI refuse dots; the names of the plan come out of the rule."""
    tools = {each.tool for each in CATALOGUE.values()}
    assert len(tools) == len(CATALOGUE)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool) for tool in tools)
    assert {
        "workflows_publish",
        "workflows_unpublish",
        "workflows_rotate_publish_token",
        "list_workflows",
        "show_workflow",
    } <= tools


@pytest.mark.parametrize(
    ("operation", "tool"),
    [("threads.list", "list_threads"), ("threads.show", "show_thread"), ("audit.verify", "audit_verify")],
)
def test_what_is_said_in_any_conversation_begins_with_its_verb(operation: str, tool: str) -> None:
    """All others begin with what they are about."""
    assert tool_name(operation) == tool


def test_every_value_that_a_rule_forbids_is_named() -> None:
    """Not only the first; entries of a list one by one."""
    wrong = broken_rules(CreateServiceToken(scopes=("operator", "fly"), expires_in_days=0))
    assert [each.path for each in wrong] == ["scopes[1]", "expires_in_days"]
    assert wrong[0].message.startswith("must be one of workflows:read, ")
    assert wrong[1].message == "must be between 1 and 3650 days"


@pytest.mark.parametrize(
    ("request_of", "path"),
    [
        (lambda: ListThreads(ref="echo", visitor="ada"), "visitor"),
        (lambda: PurgeThreads(ref="echo", visitor="ada"), "visitor"),
        (lambda: PublishWorkflow(ref="echo", anyway=True), "anyway"),
        (lambda: SetLogin(ref="echo", require_login=False, anyway=True), "anyway"),
        (lambda: ListAudit(since="2026-02-02", until="2026-02-01"), "until"),
        (lambda: EditWorkflow(ref="echo", history=3, reset=("history",)), "history"),
    ],
)
def test_what_contradicts_itself_or_can_match_nothing_is_named(request_of: Callable[[], object], path: str) -> None:
    """When the request is made, before anything is looked up."""
    with pytest.raises(InvalidInput) as caught:
        request_of()
    assert [each.path for each in caught.value.fields] == [path]


def test_what_is_left_out_and_what_is_allowed_breaks_no_rule() -> None:
    """None stands for left out."""
    assert broken_rules(ListThreads(ref="echo", limit=100)) == []
    assert broken_rules(PurgeThreads(ref="echo", visitor="anon:a")) == []
    assert [each.path for each in broken_rules(ExportThread(id="thr_1", format="pdf"))] == ["format"]


def test_another_kind_of_runner_is_for_the_handler_to_judge() -> None:
    """A program that embeds the core may have kinds of its own; the server's are shown."""
    assert broken_rules(AddWorkflow(handle="a", runner="mine", target="b")) == []
    assert request_schema(AddWorkflow)["properties"]["runner"]["enum"] == list(RUNNER_KINDS) == sorted(KINDS)


def test_schemas_carry_the_rules() -> None:
    """Enums, bounds, lengths and patterns; optional arguments have no null, which some clients send as text."""
    thread, token = request_schema(ListThreads)["properties"], request_schema(CreateServiceToken)["properties"]
    assert (thread["limit"]["minimum"], thread["limit"]["maximum"]) == (1, 100)
    assert thread["after"]["type"] == "string"
    assert "default" not in thread["after"]
    assert re.fullmatch(thread["ref"]["pattern"], "docs-assistant")
    assert "operator" in token["scopes"]["items"]["enum"]
    assert token["label"]["maxLength"] == 100


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_operation_has_a_guide(name: str) -> None:
    """When to use it, more than its one line says."""
    operation = CATALOGUE[name]
    assert operation.guide.startswith("Use it ")
    assert operation.summary not in operation.guide


def test_an_error_of_the_whole_request_has_no_path() -> None:
    """Its words are a sentence of their own."""
    assert str(FieldError("", "Name a thread.")) == "Name a thread."
    assert str(FieldError("limit", "is wrong")) == "limit: is wrong"
