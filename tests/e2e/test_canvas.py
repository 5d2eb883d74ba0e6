"""Canvas in a real browser on a real server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e import axe
from tests.e2e.browser import ChatTab, expect_turn_over
from tests.e2e.canvas import SCREENS, bubble, one_time_address, registered
from tests.e2e.server_process import ServerProcess

pytestmark = pytest.mark.browser

NewTab = Callable[..., ChatTab]


def focused(page: Page) -> str:
    """What has the focus, through open shadow roots, by its name or text."""
    name: str = page.evaluate(
        """() => {
          let active = document.activeElement;
          while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
          return active?.getAttribute("aria-label") ?? active?.textContent?.trim() ?? "";
        }"""
    )
    return name


def test_signed_out_sees_how_to_open_canvas(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """Without an owner session, the page says which command opens it, and asks nothing else of the server."""
    tab = new_tab()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    tab.page.goto(f"{shared_server.url}/canvas/tokens")
    expect(tab.page.get_by_role("heading", name="Sign in to Canvas")).to_be_visible()
    expect(tab.page.get_by_text("orcheo canvas", exact=True)).to_be_visible()
    assert [url for url in asked if "/api/" in url] == [f"{shared_server.url}/api/canvas/session"]
    assert axe.faults(tab) == []
    tab.assert_refused_once(401)


def test_one_time_address_works_once_and_leaves_no_trace(shared_server: ServerProcess, new_tab: NewTab) -> None:
    """The ticket is gone from the address and the history at once; used again, it says so."""
    address = one_time_address(shared_server)
    tab = new_tab()
    tab.page.goto(address)
    expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    assert tab.page.url == f"{shared_server.url}/canvas"
    other = new_tab()
    other.page.goto(address)
    expect(other.page.get_by_role("heading", name="This one-time address no longer works")).to_be_visible()
    assert "ticket" not in other.page.url
    assert {complaint.rpartition(" status of ")[2][:3] for complaint in other.complaints} == {"401"}
    other.complaints.clear()


def test_links_that_stand_alone_are_large_enough_for_a_finger(open_canvas: NewTab) -> None:
    """Also the way out of a page that is not there."""
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    tab = open_canvas("/canvas/workflows/nothing-here", **phone)
    link = tab.page.get_by_role("link", name="All workflows")
    expect(link).to_be_visible()
    assert link.evaluate("(link) => link.getBoundingClientRect().height") >= 44


def test_sign_out_ends_every_tab_of_the_browser(open_canvas: NewTab) -> None:
    """Signing out in one tab is noticed in another, which keeps what is shown and offers to sign in."""
    tab = open_canvas()
    beside = tab.beside()
    beside.page.goto(f"{tab.origin}/canvas/sessions")
    expect(beside.page.get_by_text("This one", exact=True)).to_be_visible()
    tab.button("Sign out").click()
    expect(tab.page.get_by_text("You are signed out.")).to_be_visible()
    beside.page.reload()
    expect(beside.page.get_by_role("heading", name="Sign in to Canvas")).to_be_visible()
    for each in (tab, beside):
        each.complaints[:] = [complaint for complaint in each.complaints if "status of 401" not in complaint]


def test_another_sign_in_can_be_ended(open_canvas: NewTab) -> None:
    """The list of sign-ins ends one in another browser, which then is asked to sign in again."""
    mine, other = open_canvas("/canvas/sessions"), open_canvas("/canvas/sessions")
    expect(other.page.get_by_text("This one", exact=True)).to_be_visible()
    expect(mine.page.get_by_text("Chrome").first).to_be_visible()
    rows = other.page.get_by_role("listitem")
    rows.filter(has_not_text="This one").first.get_by_role("button", name="End it").click()
    expect(other.page.get_by_text("That sign-in has ended.")).to_be_visible()
    mine.page.reload()
    expect(mine.page.get_by_role("heading", level=1)).to_be_visible()
    mine.complaints.clear()


def test_list_is_searched_on_the_server(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """A search stands in the address, so that a reload and the back button keep it."""
    registered(shared_server, "needle", name="<b>Needle</b> in hay")
    registered(shared_server, "haystack")
    tab = open_canvas()
    tab.page.get_by_label("Search by handle or name").fill("needle")
    rows = tab.page.get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("link")).to_have_text("<b>Needle</b> in hay")
    assert tab.page.url.endswith("/canvas?q=needle")
    rows.get_by_role("link").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("<b>Needle</b> in hay")
    tab.page.go_back()
    expect(tab.page.get_by_label("Search by handle or name")).to_have_value("needle")
    expect(rows).to_have_count(1)


def test_workflow_that_is_removed_meanwhile(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """A page whose workflow somebody removed says so instead of an error."""
    ref = registered(shared_server, "short-lived")
    tab = open_canvas(f"/canvas/workflows/{ref}")
    expect(tab.page.get_by_role("heading", name="Short lived", level=1)).to_be_visible()
    shared_server.operation("workflows.remove", ref=ref)
    tab.page.get_by_role("link", name="Workflows").click()
    expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    tab.page.go_back()
    expect(tab.page.get_by_text("This workflow is no longer there")).to_be_visible()
    tab.page.get_by_role("link", name="All workflows").click()
    expect(tab.page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()


def test_lost_connection_is_said_and_mended_by_itself(open_canvas: NewTab) -> None:
    """A list that could not be fetched comes when the server is back, without a reload."""
    tab = open_canvas()
    tab.page.route("**/api/**", lambda route: route.abort())
    tab.page.get_by_role("link", name="Sign-ins").click()
    expect(tab.page.get_by_text("The connection to the server was lost. Trying again…")).to_be_visible()
    tab.page.unroute("**/api/**")
    expect(tab.page.get_by_text("This one", exact=True)).to_be_visible()
    expect(tab.page.get_by_text("The connection to the server was lost. Trying again…")).to_be_hidden()
    tab.complaints[:] = [complaint for complaint in tab.complaints if "ERR_FAILED" not in complaint]


class TestBubble:
    """The chat bubble of Canvas."""

    def test_answers_and_gives_the_focus_back(self, shared_server: ServerProcess, open_canvas: NewTab) -> None:
        """By keyboard alone: opened, asked, answered, closed; the focus stays within and comes back."""
        ref = registered(shared_server, "keyboard-chat")
        tab = open_canvas(f"/canvas/workflows/{ref}")
        page = tab.page
        launch = page.get_by_role("button", name="Open the chat with Keyboard chat")
        launch.focus()
        page.keyboard.press("Enter")
        expect(tab.message_field).to_be_focused()
        page.keyboard.type("Hello from Canvas")
        page.keyboard.press("Enter")
        expect(bubble(page).get_by_text("You said: Hello from Canvas")).to_be_visible()
        expect_turn_over(page)
        for _ in range(25):
            page.keyboard.press("Tab")
            assert bubble(page).evaluate(
                "dialog => dialog.matches(':focus-within') || document.activeElement === document.body"
            )
        assert axe.faults(tab) == []
        page.keyboard.press("Escape")
        expect(bubble(page)).to_be_hidden()
        assert focused(page) == "Open the chat with Keyboard chat"

    def test_renews_its_grant_unnoticed(self, shared_server: ServerProcess, open_canvas: NewTab) -> None:
        """Half a minute before its end there is a fresh grant, while the chat goes on."""
        ref = registered(shared_server, "renewed-chat")
        tab = open_canvas(f"/canvas/workflows/{ref}")
        page = tab.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "chatkit/session" in request.url else None)
        page.clock.install()
        page.get_by_role("button", name="Open the chat with").click()
        expect(tab.message_field).to_be_editable()
        assert len(asked) == 1
        page.clock.fast_forward(269_000)
        assert len(asked) == 1
        with page.expect_response("**/chatkit/session"):
            page.clock.fast_forward(2_000)
        assert len(asked) == 2
        expect(tab.message_field).to_be_editable()

    def test_switch_during_a_request_shows_nothing_of_the_old_workflow(
        self, shared_server: ServerProcess, open_canvas: NewTab
    ) -> None:
        """The late answer for the first workflow is dropped; what is written goes to the second one."""
        first, second = registered(shared_server, "first-chat"), registered(shared_server, "second-chat")
        tab = open_canvas(f"/canvas/workflows/{first}")
        page = tab.page
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route(f"**/api/workflows/{first}/chatkit/session", hold)
        page.get_by_role("button", name="Open the chat with First chat").click()
        expect(page.get_by_text("Opening the chat…")).to_be_visible()
        page.evaluate(
            "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
            f"/canvas/workflows/{second}",
        )
        expect(bubble(page).get_by_role("heading", name="Second chat")).to_be_visible()
        for route in held:
            route.abort()
        tab.ask("For the second")
        expect(bubble(page).get_by_text("You said: For the second")).to_be_visible()
        assert shared_server.operation("threads.list", ref=first)["threads"] == []
        assert len(shared_server.operation("threads.list", ref=second)["threads"]) == 1
        tab.complaints[:] = [complaint for complaint in tab.complaints if "ERR_FAILED" not in complaint]

    def test_says_why_a_workflow_cannot_run(self, shared_server: ServerProcess, open_canvas: NewTab) -> None:
        """An archived workflow has a button that explains itself and opens nothing."""
        ref = registered(shared_server, "archived-chat")
        shared_server.operation("workflows.archive", ref=ref)
        tab = open_canvas(f"/canvas/workflows/{ref}")
        launch = tab.page.get_by_role("button", name="Open the chat with Archived chat")
        expect(launch).to_be_disabled()
        expect(launch).to_have_accessible_description("An archived workflow cannot run. Bring it back first.")

    def test_failure_is_told_by_its_code(self, shared_server: ServerProcess, open_canvas: NewTab) -> None:
        """What the page around it hears of a chat: opened, failed with which code, first answer, closed."""
        ref = registered(shared_server, "told-chat")
        tab = open_canvas(f"/canvas/workflows/{ref}")
        page = tab.page
        page.evaluate(
            """() => {
              window.told = [];
              for (const name of ["open", "close", "answer", "failure"])
                addEventListener(`canvas.chat.${name}`, ({ detail }) => {
                  told.push([name, Object.keys(detail), detail.code]);
                });
            }"""
        )
        page.route("**/chatkit/session", lambda route: route.abort())
        page.get_by_role("button", name="Open the chat with").click()
        expect(page.get_by_role("heading", name="The chat could not be opened")).to_be_visible()
        page.unroute("**/chatkit/session")
        bubble(page).get_by_role("button", name="Try again").click()
        tab.ask("Hello")
        expect(bubble(page).get_by_text("You said: Hello")).to_be_visible()
        expect_turn_over(page)
        page.keyboard.press("Escape")
        expect(bubble(page)).to_be_hidden()
        for _ in range(100):  # it is hidden first
            if len(page.evaluate("told")) > 3:
                break
            page.wait_for_timeout(50)
        assert page.evaluate("told") == [
            ["open", [], None],
            ["failure", ["code"], "connection"],
            ["answer", ["milliseconds"], None],
            ["close", [], None],
        ]
        tab.complaints.clear()

    def test_remembers_its_size(self, shared_server: ServerProcess, open_canvas: NewTab) -> None:
        """The corner makes the chat larger, by mouse and by key; the next page has it so."""
        ref = registered(shared_server, "sized-chat")
        tab = open_canvas(f"/canvas/workflows/{ref}")
        page = tab.page
        page.get_by_role("button", name="Open the chat with").click()
        expect(tab.message_field).to_be_editable()
        before = bubble(page).bounding_box()
        assert before is not None
        page.get_by_role("button", name="Size of the chat").press("ArrowLeft")
        page.get_by_role("button", name="Size of the chat").press("ArrowDown")
        page.reload()
        page.get_by_role("button", name="Open the chat with").click()
        expect(tab.message_field).to_be_editable()
        after = bubble(page).bounding_box()
        assert after is not None
        assert (round(after["width"] - before["width"]), round(after["height"] - before["height"])) == (40, -40)


def test_conversation_is_read_as_its_visitor_saw_it(
    shared_server: ServerProcess, open_canvas: NewTab, tmp_path: Path
) -> None:
    """Found by a word that was said, drawn by the chat element, exported as a file."""
    ref = registered(shared_server, "read-chat")
    said = "A rare zeppelin <img src=x onerror=alert(1)>"
    shared_server.operation("workflows.ask", ref=ref, text=said)
    shared_server.operation("workflows.ask", ref=ref, text="Something else")
    tab = open_canvas(f"/canvas/workflows/{ref}/threads")
    page = tab.page
    expect(page.get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Search in what was said").fill("zeppelin")
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("listitem").get_by_role("link").click()
    expect(tab.questions).to_have_text([said])
    expect(page.get_by_text("You are reading what was said.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    target = tmp_path / "thread.json"
    download.value.save_as(target)
    exported = json.loads(target.read_text("utf-8"))
    assert exported["items"][0]["text"] == said
    assert axe.faults(tab) == []


def test_overview_shows_all_by_which_it_is_shared(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """Share link, the beginnings of tokens, former tokens with their end, the snippet for sites."""
    ref = registered(shared_server, "shared-chat")
    old = shared_server.operation("workflows.publish", ref=ref)
    new = shared_server.operation("workflows.rotate_publish_token", ref=ref, grace="1h")
    page = open_canvas(f"/canvas/workflows/{ref}").page
    expect(page.get_by_text(new["share_url"], exact=True)).to_be_visible()
    for result, count in ((old, 1), (new, 1)):
        hint = result["workflow"]["publish_token_hint"]
        expect(page.get_by_text(hint)).to_have_count(count)
        assert result["publish_token"] not in page.content()
    expect(page.get_by_text("Former tokens that still work")).to_be_visible()
    expect(page.get_by_text(f'src="{shared_server.url}/embed.js"')).to_be_visible()


def test_right_to_left(shared_server: ServerProcess, open_canvas: NewTab) -> None:
    """With the page's direction turned round, nothing sticks out and the bubble is at the left."""
    ref = registered(shared_server, "rtl-chat")
    tab = open_canvas(f"/canvas/workflows/{ref}", **SCREENS["phone"])
    tab.page.evaluate("document.documentElement.dir = 'rtl'")
    launch = tab.page.get_by_role("button", name="Open the chat with")
    expect(launch).to_be_visible()
    box = launch.bounding_box()
    assert box is not None
    assert box["x"] < 100
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe.faults(tab) == []
