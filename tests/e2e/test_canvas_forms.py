"""Forms and acts of Canvas in a real browser on a real server."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.canvas import bubble, one_time_address, registered
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

END_SESSION = """id => fetch(`/api/canvas/sessions/${id}`, {
  method: "DELETE", headers: {"Content-Type": "application/json"}
}).then(({ok}) => { if (!ok) throw new Error("The owner session was not ended."); })"""
NewTab = Callable[..., ChatTab]


def test_registers_publishes_chats_and_removes(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """The whole way of a workflow: faults at their fields, a failed check, the secret shown once, chat, purge, end."""
    tab = open_canvas()
    page = tab.page
    page.get_by_role("link", name="Register a workflow").first.click()
    page.get_by_role("radio", name="Python callable").check()
    tab.button("Register").click()
    expect(page.get_by_text("2 fields need another look.")).to_be_visible()
    expect(page.get_by_label("Handle")).to_be_focused()
    page.get_by_label("Handle").fill("whole-way")
    page.get_by_label("Target").fill("examples.nothere:answer")
    tab.button("Register").click()
    expect(page.get_by_text("There is no module 'examples.nothere' on the server's import path.")).to_be_visible()
    page.get_by_label("Target").fill("examples.echo:answer")
    page.reload()
    expect(page.get_by_label("Handle")).to_have_value("whole-way")
    tab.button("Register").click()
    expect(page.get_by_role("heading", name="Whole way", level=1)).to_be_visible()
    tab.button("Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Publish whole-way? Anyone with its share link can then chat with it.")).to_be_visible()
    dialog.get_by_role("button", name="Publish").click()
    secret = dialog.get_by_text(re.compile("^orc_pt_"))
    expect(secret).to_be_visible()
    token = secret.inner_text()
    page.keyboard.press("Escape")
    expect(dialog.get_by_text("You have not said that you stored it")).to_be_visible()
    page.keyboard.press("Escape")
    page.go_back()
    expect(secret).to_be_visible()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save as a file").click()
    assert download.value.suggested_filename == "whole-way-publish-token.txt"
    assert axe.faults(tab) == []
    dialog.get_by_label("I have stored it").check()
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(tab.button("Unpublish")).to_be_visible()
    assert token not in page.content()
    tab.button("Open the chat with Whole way").click()
    tab.ask("To be purged")
    expect(bubble(page).get_by_text("You said: To be purged")).to_be_visible()
    expect_turn_over(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Transcripts").click()
    expect(page.get_by_role("link", name="To be purged")).to_be_visible()
    tab.button("Purge…").click()
    expect(dialog.get_by_role("button", name="Purge for good")).to_be_disabled()
    dialog.get_by_label("All conversations").check()
    dialog.get_by_role("button", name="Purge for good").click()
    expect(page.get_by_text("No conversations yet")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    tab.button("Remove").click()
    expect(dialog.get_by_role("button", name="Remove")).to_be_disabled()
    dialog.get_by_label("Type whole-way to confirm").fill("whole-way")
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Removed whole-way with its publish tokens, chat sessions and threads.")).to_be_visible()
    entries = shared_server.operation("audit.list", limit=20)["audit_entries"]
    acts = [entry["act"] for entry in entries if entry["channel"] == "canvas" and entry["handle"] == "whole-way"]
    assert {"workflow.added", "workflow.published", "workflow.removed"} <= set(acts)
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 4" not in complaint]


def test_signed_out_in_the_middle_of_a_form_loses_nothing(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """The form stays under the offer to sign in; after a sign-in in another tab it goes on."""
    ref = registered(shared_server, "half-edited")
    tab = open_canvas(f"/canvas/workflows/{ref}/edit")
    page = tab.page
    page.get_by_label("Name", exact=True).fill("Edited at last")
    for session in page.evaluate("fetch('/api/canvas/sessions').then((answer) => answer.json())")["items"]:
        if session["current"]:
            page.evaluate(END_SESSION, session["id"])
    tab.button("Save").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Sign in again")).to_be_visible()
    assert axe.faults(tab) == []
    tab.beside().page.goto(one_time_address(shared_server))
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Edited at last")
    tab.button("Save").click()
    expect(page.get_by_text("Changed half-edited.")).to_be_visible()
    assert shared_server.operation("workflows.show", ref=ref)["name"] == "Edited at last"
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 401" not in complaint]


def test_change_of_somebody_else_is_not_overwritten_unseen(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """What was changed meanwhile is shown before it is replaced, and only of the same fields."""
    ref = registered(shared_server, "edited-twice")
    tab = open_canvas(f"/canvas/workflows/{ref}/edit")
    page = tab.page
    page.get_by_label("Name", exact=True).fill("Mine")
    shared_server.operation("workflows.edit", ref=ref, name="Theirs", description="And a note")
    tab.button("Save").click()
    notice = page.get_by_role("alert")
    expect(notice.get_by_role("listitem")).to_have_text(["Name: Theirs"])
    notice.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("Changed edited-twice.")).to_be_visible()
    shown = shared_server.operation("workflows.show", ref=ref)
    assert (shown["name"], shown["description"]) == ("Mine", "And a note")


def test_scope_that_is_missing_is_named(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Signed in with few scopes: what they do not allow is not linked or says which scope it needs."""
    scopes = ["workflows:read", "transcripts:read"]
    made = shared_server.operation("tokens.create", scopes=scopes, label="reader")
    ref = registered(shared_server, "only-read")
    tab = new_tab()
    with shared_server.client(authorization=f"Bearer {made['service_token']}") as client:
        tab.page.goto(client.post("/api/operations/canvas.open", json={}).json()["address"])
    page = tab.page
    expect(page.get_by_role("navigation", name="Canvas").get_by_role("link")).to_have_text(["Workflows", "Sign-ins"])
    page.goto(f"{tab.origin}/canvas/workflows/{ref}")
    launch = page.get_by_role("button", name="Open the chat with Only read")
    expect(launch).to_have_accessible_description("Your sign-in does not allow to chat (scope chatkit:session).")
    tab.button("Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This needs a service token with the scope workflows:publish.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Publish")).to_be_disabled()
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 403" not in complaint]


def test_scope_that_is_missing_in_the_middle_of_a_form_loses_nothing(
    shared_server: ServerProcess, new_tab: NewTab
) -> None:
    """Code needs a scope of its own: the form says which, and keeps what was typed; an address is taken."""
    made = shared_server.operation("tokens.create", scopes=["workflows:read", "workflows:write"], label="no code")
    tab = new_tab()
    with shared_server.client(authorization=f"Bearer {made['service_token']}") as client:
        tab.page.goto(client.post("/api/operations/canvas.open", json={}).json()["address"])
    page = tab.page
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    page.goto(f"{tab.origin}/canvas/register")
    page.get_by_label("Handle").fill("without-the-scope")
    page.get_by_role("radio", name="Python callable").check()
    page.get_by_label("Target").fill("examples.echo:answer")
    tab.button("Register").click()
    expect(page.get_by_role("alert").get_by_text("workflows:code").first).to_be_visible()
    expect(page.get_by_label("Handle")).to_have_value("without-the-scope")
    expect(page.get_by_label("Target")).to_have_value("examples.echo:answer")
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 403" not in complaint]


def test_look_is_changed_with_a_preview(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """The preview is the chat element itself, and shows what is not saved yet."""
    ref = registered(shared_server, "looked-at")
    tab = open_canvas(f"/canvas/workflows/{ref}/look")
    page = tab.page
    page.get_by_label("Greeting").fill("<i>Ask away</i>")
    expect(page.locator(".preview").get_by_text("<i>Ask away</i>")).to_be_visible()
    page.get_by_label("Starter prompts").fill("Costs = What does it cost?")
    expect(page.locator(".preview").get_by_text("Costs")).to_be_visible()
    page.get_by_label("Accent colour").fill("green")
    tab.button("Save").click()
    expect(page.get_by_text("Must be a colour such as #0a7f5a.")).to_be_visible()
    page.get_by_label("Accent colour").fill("#0a7f5a")
    tab.button("Save").click()
    expect(page.get_by_text("Changed the look of looked-at.")).to_be_visible()
    look = shared_server.operation("workflows.show", ref=ref)["look"]
    assert (look["greeting"], look["accent"]) == ("<i>Ask away</i>", "#0a7f5a")
    assert axe.faults(tab) == []
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 422" not in complaint]


def test_service_token_is_created_and_revoked(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """Its secret is shown once, and works; revoked, it is listed as ended."""
    tab = open_canvas("/canvas/tokens")
    page = tab.page
    dialog = page.get_by_role("dialog")
    tab.button("Create a service token").click()
    dialog.get_by_label("Label").fill("For a robot")
    dialog.get_by_label("workflows:read").check()
    dialog.get_by_role("button", name="Create", exact=True).click()
    secret = dialog.get_by_text(re.compile("^orc_st_"))
    expect(secret).to_be_visible()
    with shared_server.client(authorization=f"Bearer {secret.inner_text()}") as client:
        assert client.post("/api/operations/workflows.list", json={}).status_code == 200
    dialog.get_by_label("I have stored it").check()
    dialog.get_by_role("button", name="Close", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text="For a robot")
    row.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(row.get_by_text("Ended")).to_be_visible()
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 422" not in complaint]


def test_origins_and_tokens_are_changed_in_place(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """Allowed origins with a wrong one, the rule for sign-in, a new token that leaves the old one a grace period."""
    ref = registered(shared_server, "reshared")
    shared_server.operation("workflows.publish", ref=ref)
    tab = open_canvas(f"/canvas/workflows/{ref}")
    page = tab.page
    dialog = page.get_by_role("dialog")
    page.get_by_label("Allowed origins").fill("https://shop.example.org/path")
    tab.button("Save the origins").click()
    expect(page.locator("canvas-share-panel").get_by_role("alert").or_(page.locator(".fault")).first).to_be_visible()
    page.get_by_label("Allowed origins").fill("https://shop.example.org")
    tab.button("Save the origins").click()
    expect(page.get_by_text("Changed reshared.")).to_be_visible()
    tab.button("Replace the token").click()
    dialog.get_by_label("Grace period").fill("1h")
    expect(dialog.get_by_text("which works 1 hour longer")).to_be_visible()
    dialog.get_by_role("button", name="Replace the token").click()
    dialog.get_by_label("I have stored it").check()
    dialog.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("Former tokens that still work")).to_be_visible()
    shown = shared_server.operation("workflows.show", ref=ref)
    assert shown["allowed_origins"] == ["https://shop.example.org"]
    tab.complaints[:] = [complaint for complaint in tab.complaints if "status of 4" not in complaint]
