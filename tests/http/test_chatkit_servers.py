"""Servers on OpenAI's ChatKit SDK as workflows, through the door: what visitors see, and find again."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from chatkit.types import Page, Thread, ThreadItem, ThreadStreamEvent
from pydantic import TypeAdapter

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server, events_of
from tests.chatkit_servers import support

EVENT: TypeAdapter[Any] = TypeAdapter(ThreadStreamEvent)
ITEMS: TypeAdapter[Any] = TypeAdapter(Page[ThreadItem])
Json = dict[str, Any]


class Chat:
    """A visitor in one thread."""

    def __init__(self, app_server: TestServer, grant: str) -> None:
        self.app_server = app_server
        self.grant = grant
        self.thread_id = ""
        self.thread: Json = {}

    @classmethod
    async def with_server(cls, app_server: TestServer, target: str, **settings: str) -> "Chat":
        """A visitor of this server of ``tests.chatkit_servers``."""
        target = f"tests.chatkit_servers.{target}"
        await app_server.result("workflows.add", handle="echo", runner="chatkit", target=target, settings=settings)
        await app_server.result("workflows.publish", ref="echo")
        return cls(app_server, await app_server.grant())

    async def says(self, text: str, headers: dict[str, str] | None = None, **said: Any) -> list[Json]:
        """The events of a turn; each must be one of the official types."""
        content = {"content": [{"type": "input_text", "text": text}]}
        kind = "threads.add_user_message" if self.thread_id else "threads.create"
        return await self.stream(kind, headers, input=USER_INPUT | content | said)

    async def stream(self, kind: str, headers: dict[str, str] | None = None, **params: Any) -> list[Json]:
        """The events of any request that begins a turn."""
        if self.thread_id:
            params["thread_id"] = self.thread_id
        answer = await self.app_server.chatkit(self.grant, kind, headers or {}, **params)
        assert answer.status_code == 200, answer.text
        events = events_of(answer)
        for event in events:
            EVENT.validate_python(event)
        if not self.thread_id:
            self.thread_id = events[0]["thread"]["id"]
        return events

    async def stream_new_widget(self) -> Json:
        """The event with a widget that an action without a widget shows."""
        await self.says("knows")
        await self.stream("threads.custom_action", action={"type": "show"})
        return (await self.stream("threads.custom_action", action={"type": "show"}))[-1]

    async def reload(self) -> list[Json]:
        """The items as a page finds them again."""
        answer = await self.app_server.chatkit(self.grant, "threads.get_by_id", thread_id=self.thread_id)
        self.thread = answer.json()
        Thread.model_validate(self.thread)
        items: list[Json] = self.thread["items"]["data"]
        return items


def words(events: list[Json]) -> list[str]:
    """The text of each answer that is whole."""
    done = [event["item"] for event in events if event["type"] == "thread.item.done"]
    return [each["content"][0]["text"] for each in done if each["type"] == "assistant_message"]


def kinds(items: list[Json]) -> list[str]:
    return [each["type"] for each in items]


async def test_a_cat_is_named_by_a_click(app_server: TestServer) -> None:
    """Changed widget, hidden context, title: all of it is there on reload and in the next turn."""
    chat = await Chat.with_server(app_server, "cats:make_server")
    shown = (await chat.says("choose"))[-1]["item"]
    named = await chat.stream(
        "threads.custom_action", item_id=shown["id"], action={"type": "name", "payload": {"name": "Momo"}}
    )
    assert kinds(named) == [
        "stream_options",
        "stream_options",
        "thread.item.replaced",
        "thread.updated",
        "thread.item.done",
    ]
    assert named[0]["stream_options"]["allow_cancel"] is True
    assert named[1]["stream_options"]["allow_cancel"] is False
    next_turn = await chat.says("Who are you?")
    assert {"type": "client_effect", "name": "update_cat", "data": {"state": "Momo"}} in next_turn
    assert words(next_turn) == ["Miaow. I know: named Momo"]
    items = await chat.reload()
    assert kinds(items) == ["user_message", "widget", "assistant_message", "user_message", "assistant_message"]
    assert items[1]["widget"]["children"][0]["value"] == "Hello Momo!"
    assert chat.thread["title"] == "Momo"


async def test_a_map_knows_the_pages_stations(app_server: TestServer) -> None:
    """The page's header, entities in and out, a client tool, a list to choose from, an effect, a title in mid-turn."""
    module = "tests.chatkit_servers.metro"
    page = {"map-id": "map-1"}
    chat = await Chat.with_server(app_server, "metro:MetroServer", context=f"{module}:make_context", headers="map-id")
    shown = await chat.says("Which lines are there?", page)
    widget = shown[-1]["item"]["widget"]
    assert [each["children"][0]["value"] for each in widget["children"]] == ["Blue line", "Red line"]
    assert "thread.updated" in kinds(shown)
    chosen = await chat.stream(
        "threads.custom_action",
        page,
        item_id=shown[-1]["item"]["id"],
        action=widget["children"][0]["onClickAction"] | {"type": "line.select"},
    )
    effect = {"type": "client_effect", "name": "add_station", "data": {"line": "blue", "station": "New Station"}}
    assert effect in chosen
    entity = {"type": "input_tag", "id": "st_1", "text": "Old Town", "data": {"line": "blue"}}
    [answer] = [each["item"] for each in await chat.says("", page, content=[entity]) if "item" in each][1:]
    [annotation] = answer["content"][0]["annotations"]
    assert annotation["source"]["label"] == "Station"
    assert (annotation["source"]["id"], annotation["source"]["data"]) == ("st_1", {"line": "blue"})
    call = (await chat.says("where am I", page))[-1]["item"]
    assert (call["name"], call["arguments"]) == ("get_selected_stations", {"map": "map-1"})
    told = await chat.stream("threads.add_client_tool_output", page, result={"stations": ["Harbour"]})
    assert words(told) == ["You stand at Harbour."]
    items = await chat.reload()
    assert items[1]["widget"]["children"][0]["children"][0]["value"] == "Blue line (chosen)"
    assert chat.thread["title"] == "Plan of map-1"


async def test_an_image_grows_and_is_kept_once(app_server: TestServer) -> None:
    """What is shown on the way is sent, and only the last of it stored."""
    chat = await Chat.with_server(app_server, "cats:CatServer")
    events = await chat.says("draw")
    updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
    assert [each["type"] for each in updates] == ["generated_image.updated"] * 3
    image = (await chat.reload())[-1]
    assert image["image"]["url"].endswith("RAA7")


async def test_a_server_that_offers_no_stop_is_not_stopped(app_server: TestServer) -> None:
    """``allow_cancel: false`` is more than a hint to the page."""
    chat = await Chat.with_server(app_server, "cats:CatServer")
    assert {"type": "stream_options", "stream_options": {"allow_cancel": False}} in await chat.says("Hi")
    answer = await app_server.chatkit(chat.grant, "threads.cancel", thread_id=chat.thread_id)
    assert answer.status_code == 200, "nothing runs any more"


async def test_an_agent_of_openai_agents_streams_and_remembers(app_server: TestServer) -> None:
    """Several messages with the same false id stay apart; a tool writes while the model streams."""
    chat = await Chat.with_server(app_server, "guide:GuideServer")
    first = await chat.says("note that")
    assert words(first) == ["One moment ", words(first)[1]]
    assert {"type": "client_effect", "name": "noted", "data": {"what": "likes trains"}} in first
    ids = [event["item"]["id"] for event in first if event["type"] == "thread.item.done"]
    assert len(set(ids)) == 3
    assert "__fake_id__" not in str(first)
    deltas = [event for event in first if event.get("update", {}).get("type", "").endswith("text_delta")]
    assert deltas
    entity = {"type": "input_tag", "id": "st_1", "text": "Bern", "data": {"line": "S1"}}
    content = [{"type": "input_text", "text": "And "}, entity]
    [second] = words(await chat.says("", content=content))
    assert "One moment" in second
    assert "likes trains" in second
    assert "Bern is S1" in second
    items = await chat.reload()
    assert kinds(items) == ["user_message", *["assistant_message"] * 2, "user_message", "assistant_message"]
    assert chat.thread["title"] == "A trip"


async def test_a_client_tool_of_an_agent_brings_its_output_back(app_server: TestServer) -> None:
    """The call keeps the id that the model gave it; the agent reads call and output in the next turn."""
    chat = await Chat.with_server(app_server, "guide:GuideServer")
    call = next(each["item"] for each in await chat.says("where") if each.get("item", {}).get("status") == "pending")
    assert (call["call_id"], call["name"]) == ("call_1", "get_selected_stations")
    events = await chat.stream("threads.add_client_tool_output", result={"station": "Bern"})
    [answer] = words(events)
    assert '{"station": "Bern"}' in answer
    assert kinds(await chat.reload()) == [
        "user_message",
        "assistant_message",
        "client_tool_call",
        "assistant_message",
    ]


async def test_a_retry_answers_as_if_for_the_first_time(app_server: TestServer) -> None:
    """The old answer is not in what the server loads, and is gone afterwards."""
    chat = await Chat.with_server(app_server, "guide:GuideServer")
    await chat.says("Hi")
    [asked, old] = await chat.reload()
    events = await chat.stream("threads.retry_after_item", item_id=asked["id"])
    assert words(events) == ["I was given 1: Hi "]
    assert [each["id"] for each in await chat.reload()] != [asked["id"], old["id"]]


async def test_files_are_read_in_every_turn(app_server: TestServer) -> None:
    """Also those of earlier messages: a later turn finds the same files."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    file: Any = {"name": "a.png", "size": 4, "mime_type": "image/png"}
    announced = (await app_server.chatkit(chat.grant, "attachments.create", **file)).json()
    where = announced["upload_descriptor"]
    sent = await app_server.client.request(where["method"], where["url"], content=b"\x89PNG", headers=where["headers"])
    assert sent.status_code < 300, sent.text
    assert words(await chat.says("picture", attachments=[announced["id"]])) == ["['image'] [b'\\x89PNG']"]
    assert words(await chat.says("picture again")) == ["['image'] [b'\\x89PNG']"]


@pytest.mark.parametrize("target", ["SupportServer", "OldSupportServer", "shared"])
async def test_our_store_is_everywhere(app_server: TestServer, target: str) -> None:
    """Where a server makes its own, and has handed it on, ours takes its place."""
    chat = await Chat.with_server(app_server, f"support:{target}")
    assert words(await chat.says("knows")) == ["True"]


async def test_notes_sources_and_single_tasks(app_server: TestServer) -> None:
    """With their summary, as the server says it."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    events = await chat.says("works")
    assert {"type": "progress_update", "text": "Nearly", "icon": "search"} in events
    assert {"type": "notice", "level": "warning", "message": "Careful"} in events
    note, task = [each for each in await chat.reload() if each["type"] in ("workflow", "task")]
    assert note["workflow"]["summary"] == {"duration": 3}
    assert note["workflow"]["tasks"][1]["sources"][0]["attribution"] == "Example"
    assert (task["task"]["title"], task["task"]["content"]) == ("Booked", "A seat")


async def test_a_stopped_answer_keeps_what_the_server_keeps(app_server: TestServer) -> None:
    """Its half text, and the hidden note for the model; not the widget that was not whole."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    await chat.says("knows")
    support.BEGUN.clear()
    waiting = asyncio.ensure_future(chat.says("waits", {"orcheo-resume": "1"}))
    await support.BEGUN.wait()
    answer = await app_server.chatkit(chat.grant, "threads.cancel", thread_id=chat.thread_id)
    assert answer.status_code == 200
    await waiting
    items = await chat.reload()
    assert kinds(items)[2:] == ["user_message", "assistant_message", "end_of_turn"]
    assert items[-2]["content"][0]["text"] == "Half"
    shown = await app_server.operation("threads.show", id=chat.thread_id)
    assert "The user cancelled the stream" in shown.text


@pytest.mark.parametrize(
    ("kind", "message", "allow_retry"),
    [
        ("kindly", "We are closed.", False),
        ("coded", "The workflow could not answer. You can try again.", False),
        ("told", "I cannot.", True),
        ("hugely", "The answer became too long and was cut off here.", True),
        ("badly", "The workflow could not answer. You can try again.", True),
    ],
)
async def test_errors_have_the_words_of_the_server(
    app_server: TestServer, kind: str, message: str, allow_retry: bool
) -> None:
    """Where it has any; what it raised besides is for its owner."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    events = await chat.says(f"fails {kind}")
    assert events[-1] == {"type": "error", "code": "custom", "message": message, "allow_retry": allow_retry}
    assert "secret" not in str(events)
    assert words(events) == ["Well"]


async def test_status_domains_and_metadata_are_kept(app_server: TestServer) -> None:
    """Pages see the first two; the server finds all of it in its next turn."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    events = await chat.says("locks")
    updated = next(event["thread"] for event in events if event["type"] == "thread.updated")
    assert (updated["status"], updated["allowed_image_domains"]) == (
        {"type": "locked", "reason": "Paid first"},
        ["example.org"],
    )
    await chat.reload()
    assert chat.thread["status"] == {"type": "locked", "reason": "Paid first"}
    assert "resp_1" not in str(chat.thread)
    assert words(await chat.says("settings")) == ["locked {'previous': 'resp_1'} None"]


async def test_a_task_of_the_server_names_the_thread(app_server: TestServer) -> None:
    """While the answer is written, by the same store."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    assert "thread.updated" in kinds(await chat.says("titles"))
    await chat.reload()
    assert chat.thread["title"] == "Named"


async def test_a_widget_that_is_whole_changes_for_good(app_server: TestServer) -> None:
    """The SDK would send the change and store nothing."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    first = (await chat.stream_new_widget())["item"]
    events = await chat.stream("threads.custom_action", item_id=first["id"], action={"type": "change"})
    assert kinds(events)[-2:] == ["thread.item.replaced", "thread.item.done"]
    items = await chat.reload()
    assert [each["widget"]["children"][0]["value"] for each in items if each["type"] == "widget"] == ["Changed"] * 3


async def test_an_action_at_once_changes_its_widget(app_server: TestServer) -> None:
    """What the server gives back and what it stores are both kept."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    widget = (await chat.stream_new_widget())["item"]
    answer = await app_server.chatkit(
        chat.grant,
        "threads.sync_custom_action",
        thread_id=chat.thread_id,
        item_id=widget["id"],
        action={"type": "now"},
    )
    assert answer.json()["updated_item"]["widget"]["children"][0]["value"] == "At once"
    assert "At once" in str(await chat.reload())
    assert "now" in (await app_server.operation("threads.show", id=chat.thread_id)).text
    none = await app_server.chatkit(
        chat.grant, "threads.sync_custom_action", thread_id=chat.thread_id, action={"type": "now"}
    )
    assert none.json() == {}


@pytest.mark.parametrize("kind", ["positive", "negative"])
async def test_feedback_reaches_the_server(app_server: TestServer, kind: str) -> None:
    """It may write into the thread; when it fails, the visitor is none the wiser, and the feedback is kept."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    item_id = (await chat.says("knows"))[-1]["item"]["id"]
    judged = {"thread_id": chat.thread_id, "item_ids": [item_id], "kind": kind}
    answer = await app_server.chatkit(chat.grant, "items.feedback", **judged)  # type: ignore[arg-type]  # of JSON
    assert (answer.status_code, answer.json()) == (200, {})
    shown = await app_server.operation("threads.show", id=chat.thread_id)
    assert ("positive for True" in shown.text) is (kind == "positive")
    assert ("the secret reason" in str(app_server.telemetry.run_failures)) is (kind == "negative")
    assert (await chat.reload())[-1]["orcheo.feedback"] == kind


@pytest.mark.parametrize(
    ("target", "text", "last"), [("support:SupportServer", "knows", 429), ("cats:CatServer", "Hi", 200)]
)
async def test_feedback_that_runs_the_server_costs_a_turn(target: str, text: str, last: int) -> None:
    """Findings: a counter with one path past it. Feedback that is only kept costs a read."""
    limits = {"ORCHEO_LIMIT_TURNS_BY_VISITOR": "3/minute"}
    async with build_app_server(environment=limits) as app_server:
        chat = await Chat.with_server(app_server, target)
        item_id = (await chat.says(text))[-1]["item"]["id"]
        judged: Json = {"thread_id": chat.thread_id, "item_ids": [item_id]}
        kinds = ("positive", "positive", "negative")
        answers = [await app_server.chatkit(chat.grant, "items.feedback", kind=each, **judged) for each in kinds]
        assert [each.status_code for each in answers] == [200, 200, last]
        if last == 429:
            assert_problem(answers[-1], 429, "rate_limited")
            assert (await chat.reload())[-1]["orcheo.feedback"] == "positive"


async def test_a_server_without_the_hook_is_not_run_for_feedback(app_server: TestServer) -> None:
    """The feedback is kept as for all workflows."""
    chat = await Chat.with_server(app_server, "cats:CatServer")
    item_id = (await chat.says("Hi"))[-1]["item"]["id"]
    judged = {"thread_id": chat.thread_id, "item_ids": [item_id], "kind": "positive"}
    assert (await app_server.chatkit(chat.grant, "items.feedback", **judged)).json() == {}  # type: ignore[arg-type]  # of JSON
    assert (await chat.reload())[-1]["orcheo.feedback"] == "positive"


async def spoken(chat: Chat, data: bytes) -> Any:
    """The answer to a recording."""
    params = {"audio_base64": b64encode(data).decode(), "mime_type": "audio/webm;codecs=opus"}
    return await chat.app_server.chatkit(chat.grant, "input.transcribe", {"accept-language": "de"}, **params)


async def test_a_server_writes_down_what_visitors_say(app_server: TestServer) -> None:
    """The page offers the microphone; nothing is kept, and errors are the owner's."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    look = (await app_server.client.get("/api/chat/echo")).json()["look"]
    assert look["dictation"] is True
    assert (await spoken(chat, b"words")).json() == {"text": "audio/webm 5 de"}
    failed = await spoken(chat, b"noise")
    assert_problem(failed, 424, "transcription_failed")
    assert "secret" not in failed.text
    assert "the secret reason" in str(app_server.telemetry.run_failures)
    threads = await app_server.chatkit(chat.grant, "threads.list", order="desc")
    assert threads.json()["data"] == []


async def test_a_server_without_the_hook_takes_no_recordings(app_server: TestServer) -> None:
    """As on a server without an endpoint for it."""
    chat = await Chat.with_server(app_server, "cats:CatServer")
    assert (await app_server.client.get("/api/chat/echo")).json()["look"]["dictation"] is False
    assert_problem(await spoken(chat, b"words"), 422, "transcription_off")


@pytest.mark.parametrize("name", ["make_context", "make_context_later"])
async def test_the_context_is_made_by_the_owner(app_server: TestServer, name: str) -> None:
    """Out of a request as frameworks have it."""
    chat = await Chat.with_server(app_server, "support:SupportServer", context=f"tests.chatkit_servers.support:{name}")
    assert words(await chat.says("context", {"accept-language": "de-AT"})) == ["de-at None {}"]


async def test_headers_that_the_owner_names_arrive(app_server: TestServer) -> None:
    """As metro maps and news pages add them in their own fetch; others do not."""
    maker = "tests.chatkit_servers.support:make_map_context"
    chat = await Chat.with_server(app_server, "support:SupportServer", context=maker, headers="Map-Id, x-none")
    assert words(await chat.says("context", {"map-id": "m_1", "other": "x"})) == ["{'map-id': 'm_1'}"]


@pytest.mark.parametrize("names", ["authorization", "Cookie, map-id", "a b", ",".join(f"x-{n}" for n in range(21))])
async def test_some_headers_are_never_handed_over(app_server: TestServer, names: str) -> None:
    """Credentials, what is no name, and more than twenty."""
    for runner, target in (("chatkit", "tests.chatkit_servers.cats:CatServer"), ("python", "tests.workflows:echo")):
        settings = {"headers": names}
        answer = await app_server.operation(
            "workflows.add", handle="echo", runner=runner, target=target, settings=settings
        )
        assert_problem(answer, 422, "invalid_input")


async def test_without_a_maker_the_context_is_a_dict(app_server: TestServer) -> None:
    """With the request in it, as samples have it, whose routes are not here."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    [answer] = words(await chat.says("context"))
    assert "'request': <" in answer
    assert "'locale': None" in answer


async def test_what_a_turn_may_not_do_is_refused_with_a_sentence(app_server: TestServer) -> None:
    """It sees its own thread, and Orcheo does the rest."""
    chat = await Chat.with_server(app_server, "support:SupportServer")
    [answer] = words(await chat.says("refuses"))
    lines = answer.splitlines()
    assert [each.split(":")[0] for each in lines] == [
        *["NotImplementedError"] * 3,
        *["NotFoundError"] * 3,
        *["NotImplementedError"] * 2,
        "NotFoundError",
    ]


async def test_a_server_without_actions_takes_none(app_server: TestServer) -> None:
    """It is not run for one."""
    chat = await Chat.with_server(app_server, "support:NoActions")
    await chat.says("Hi")
    answer = await app_server.chatkit(
        chat.grant, "threads.custom_action", thread_id=chat.thread_id, action={"type": "x"}
    )
    assert_problem(answer, 424, "action_not_taken")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("support:make_nothing", "it gave NoneType"),
        ("support:make_with", "needs secret"),
        ("support:make_badly", "failed with ValueError: no key"),
        ("support:BEGUN", "is not a ChatKitServer: it gave Event"),
        ("support:Missing", "has no 'Missing'"),
    ],
)
async def test_what_is_no_server_is_refused_when_it_is_registered(
    app_server: TestServer, target: str, said: str
) -> None:
    """With the reason and what to name."""
    target = f"tests.chatkit_servers.{target}"
    answer = await app_server.operation("workflows.add", handle="echo", runner="chatkit", target=target)
    assert_problem(answer, 422, "invalid_input")
    assert said in answer.text


async def test_a_server_stays_in_the_process_of_orcheo(app_server: TestServer) -> None:
    """The setting for a process of its own is not known here."""
    answer = await app_server.operation(
        "workflows.add",
        handle="echo",
        runner="chatkit",
        target="tests.chatkit_servers.cats:CatServer",
        settings={"isolation": "process"},
    )
    assert_problem(answer, 422, "invalid_input")


async def test_a_check_asks_the_server(app_server: TestServer) -> None:
    """Its words are read as those of any workflow, and nothing is stored."""
    await Chat.with_server(app_server, "guide:GuideServer")
    checked = await app_server.result("workflows.check", ref="echo")
    assert "I was given 1: Hello" in str(checked)
