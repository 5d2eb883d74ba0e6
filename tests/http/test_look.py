"""What the chat page and its head say of a workflow's look."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.app_server import USER_INPUT, TestServer, assert_problem, build_app_server, events_of

PAGES = {name: Path("web", name).read_text(encoding="utf-8") for name in ("chat.html", "embed.html")}
LOOK: dict[str, Any] = {
    "greeting": "Hello",
    "prompts": {"Hours": "When are you open?"},
    "icons": {"Hours": "clock", "search": "globe"},
    "placeholder": "Ask us",
    "disclaimer": "May be wrong.",
    "accent": "#fd0",
    "scheme": "dark",
    "contact": "ada@example.org",
    "files": "on",
    "models": {"fast": "Fast"},
    "tools": {"search": "Search"},
}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server with the sources of the pages as its bundle, and an operator who can be reached."""
    for name, source in PAGES.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    async with build_app_server(
        static_folder=tmp_path, environment={"ORCHEO_CONTACT": "ops@example.org"}
    ) as app_server:
        yield app_server


async def look_of(app_server: TestServer) -> dict[str, Any]:
    """What the chat says of its look to anyone."""
    told: dict[str, Any] = (await app_server.client.get("/api/chat/echo")).json()["look"]
    return told


async def test_the_page_is_told_the_whole_look(served: TestServer) -> None:
    """In the words of ChatKit's options; of the accent, what can be read."""
    await served.publish()
    await served.result("workflows.set_look", ref="echo", **LOOK)
    assert await look_of(served) == {
        "greeting": "Hello",
        "prompts": [{"label": "Hours", "prompt": "When are you open?", "icon": "clock"}],
        "placeholder": "Ask us",
        "disclaimer": "May be wrong.",
        "accent": {"light": "#786800", "dark": "#ffdd00"},
        "scheme": "dark",
        "contact": "mailto:ada@example.org",
        "files": True,
        "dictation": False,
        "models": [{"id": "fast", "label": "Fast"}],
        "tools": [{"id": "search", "label": "Search", "icon": "globe"}],
    }


async def test_without_a_look_the_page_is_told_the_operators_contact(
    served: TestServer, app_server: TestServer
) -> None:
    """And nothing where there is none."""
    for each, contact in ((served, "mailto:ops@example.org"), (app_server, None)):
        await each.publish()
        told = await look_of(each)
        assert (told.pop("contact"), told.pop("scheme")) == (contact, "auto")
        assert not any(told.values())


async def test_the_look_of_a_private_workflow_is_told_to_no_visitor(served: TestServer) -> None:
    """Not its contact either: the page of a private workflow is that of one that does not exist."""
    await served.add()
    await served.result("workflows.set_look", ref="echo", **LOOK)
    assert_problem(await served.client.get("/api/chat/echo"), 404, "chat_unavailable")
    pages = [(await served.client.get(f"/chat/{ref}")).text for ref in ("echo", "nobody")]
    assert all("<title>Chat</title>" in page and "og:title" not in page for page in pages)
    assert all("ada@example.org" not in page and 'content="mailto:ops@example.org"' in page for page in pages)


async def test_the_head_of_the_page_names_the_chat_for_link_previews(served: TestServer) -> None:
    """The name and no more: not the description, not the greeting."""
    await served.publish()
    await served.result("workflows.edit", ref="echo", name="Écho", description="for my eyes")
    await served.result("workflows.set_look", ref="echo", **LOOK)
    answer = await served.client.get("/chat/echo")
    assert "<title>Écho</title>" in answer.text
    assert '<meta property="og:title" content="Écho" />' in answer.text
    assert '<meta name="color-scheme" content="dark" />' in answer.text
    assert not any(word in answer.text for word in ("my eyes", "Hello", "ada@example.org"))


async def test_a_name_in_the_head_is_text(served: TestServer) -> None:
    """Whatever it is made of; the policy of the page stays what it was, and so does its nonce."""
    await served.publish()
    name = '</title><script nonce="__ORCHEO_CSP_NONCE__">alert(1)</script>"&'
    await served.result("workflows.edit", ref="echo", name=name)
    answer = await served.client.get("/chat/echo")
    assert "<script nonce" not in answer.text
    assert answer.text.count("&lt;/title&gt;&lt;script nonce=&quot;__ORCHEO_CSP_NONCE__&quot;&gt;") == 2
    assert answer.text.count("alert(1)") == 2
    assert "require-trusted-types-for" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_name_is_no_place_for_the_origins(served: TestServer) -> None:
    """Nor for anything else that the server writes into its own pages."""
    await served.publish()
    await served.result("workflows.edit", ref="echo", name="__ORCHEO_ORIGINS__", allowed_origins=["https://a.example"])
    assert "<title>__ORCHEO_ORIGINS__</title>" in (await served.client.get("/embed/echo")).text


async def test_a_new_name_is_in_the_head_at_once(served: TestServer) -> None:
    """No copy of the page is kept anywhere."""
    await served.publish()
    for name in ("One", "Two"):
        await served.result("workflows.edit", ref="echo", name=name)
        assert f"<title>{name}</title>" in (await served.client.get("/chat/echo")).text


async def test_a_model_that_is_not_offered_is_refused(app_server: TestServer) -> None:
    """By its place in the request."""
    await app_server.publish()
    await app_server.result("workflows.set_look", ref="echo", models={"fast": "Fast"})
    grant = await app_server.grant()
    wrong = USER_INPUT | {"inference_options": {"model": "huge"}}
    problem = assert_problem(await app_server.chatkit(grant, "threads.create", input=wrong), 422, "invalid_input")
    assert [each["path"] for each in problem["errors"]] == ["params.input.inference_options.model"]
    right = USER_INPUT | {"inference_options": {"model": "fast"}}
    assert events_of(await app_server.chatkit(grant, "threads.create", input=right))
