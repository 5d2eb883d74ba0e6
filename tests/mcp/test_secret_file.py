"""``secret_to_file``: the publish token stays out of the conversation."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from mcp.types import CallToolResult

from orcheo_adapters.mcp.offer import Offer
from orcheo_core.domain.actor import Channel
from orcheo_mcp.secret_file import SecretFile, SecretNotKept
from orcheo_mcp.server import create_server
from tests.mcp.answers import Assistant, data_of, problem_of, refusal
from tests.sync_server import SyncTestServer


async def publish(assistant: Assistant, file: object, tool: str = "workflows_publish") -> CallToolResult:
    """The answer of a tool that is to write its secret to this file."""
    return await assistant.call_tool(tool, {"ref": "echo", "secret_to_file": file, "confirm": True})


def files_below(folder: Path) -> list[Path]:
    """All files, however deep."""
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_publish_token_is_in_the_file_alone(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """Nothing of the answer holds it; the message says where it is; it works."""
    sync_server.add()
    path = tmp_path / "token"
    answer = await publish(assistant, str(path))
    token = path.read_text().strip()
    assert data_of(answer)["publish_token"] is None
    assert data_of(answer)["message"] == (
        "echo is public. Anyone with the share link can chat with it. "
        f"The secret is in {path} and nowhere else; only the owner of that file can read it."
    )
    assert token not in str(answer)
    assert sync_server.call(sync_server.app_server.chatkit, token, "threads.list").status_code == 200


async def test_only_the_owner_of_the_file_can_read_it(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """Mode 0600 from the first moment."""
    sync_server.add()
    await publish(assistant, str(tmp_path / "token"))
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


async def test_rotating_knows_it_too(assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path) -> None:
    """The other operation that issues a publish token."""
    sync_server.publish()
    answer = await publish(assistant, str(tmp_path / "token"), "workflows_rotate_publish_token")
    assert data_of(answer)["publish_token"] is None
    assert (tmp_path / "token").read_text().startswith("orc_pt_")


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("workflows_rotate_publish_token", {"grace": "1h"}, "New publish token for echo; the old one ends in 1 hour."),
        ("workflows_rotate_identity_secret", {"grace": "1h"}, "The old one ends in 1 hour."),
        ("workflows_open_chat_session", {}, "A chat session with echo for 300 seconds."),
        ("tokens_create", {"scopes": ["workflows:read"]}, "for owner:local."),
    ],
)
async def test_the_message_says_what_else_was_done(
    sync_server: SyncTestServer, tmp_path: Path, tool: str, arguments: dict[str, Any], told: str
) -> None:
    """As by every other door, but for the words about showing the secret."""
    sync_server.publish()
    sync_server.result("workflows.rotate_identity_secret", ref="echo")
    server = create_server(sync_server.operations(Channel.MCP), Offer(tokens=True), secret_folder=tmp_path)
    given = {"confirm": True} | ({} if tool.startswith("tokens") else {"ref": "echo"})
    message = data_of(await Assistant(server).call_tool(tool, given | arguments))["message"]
    assert f"{told} The secret is in " in message
    assert "shown" not in message


async def test_the_message_says_that_no_visitor_can_sign_in(sync_server: SyncTestServer, tmp_path: Path) -> None:
    """The question before says it, too."""
    sync_server.add()
    assistant = Assistant(create_server(sync_server.operations(Channel.MCP), secret_folder=tmp_path))
    given = {"ref": "echo", "require_login": True, "anyway": True}
    for tool in ("workflows_publish", "workflows_set_login"):
        refused = await refusal(assistant, tool, **given)
        assert "No visitor can then chat" in refused["detail"]
        told = data_of(await assistant.call_tool(tool, given | {"confirm": True}))
        assert "No visitor can sign in yet" in told["message"]
        sync_server.result("workflows.set_login", ref="echo", require_login=False)


async def test_without_a_name_the_secret_goes_into_a_file_of_the_owners_settings(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """Of a publish token, a rotated one and a chat grant; each has a new file, and none is in the conversation."""
    sync_server.add()
    folder = tmp_path / "secrets"
    said = str(await publish(assistant, None))
    said += str(await publish(assistant, None, "workflows_rotate_publish_token"))
    said += str(await assistant.call_tool("workflows_open_chat_session", {"ref": "echo"}))
    kept = {path.name: path.read_text().strip() for path in folder.iterdir()}
    assert set(kept) == {"echo-publish-token", "echo-publish-token-2", "echo-client-secret"}
    assert not any(secret in said for secret in kept.values())
    assert all(str(folder / name) in said for name in kept)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    answer = sync_server.call(sync_server.app_server.chatkit, kept["echo-publish-token-2"], "threads.list")
    assert answer.status_code == 200


async def test_a_settings_folder_that_cannot_be_made_is_named_before_anything_happens(
    sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """The assistant can name another file."""
    sync_server.add()
    (tmp_path / "file").touch()
    server = create_server(sync_server.operations(Channel.MCP), secret_folder=tmp_path / "file" / "secrets")
    problem = problem_of(await publish(Assistant(server), None))
    assert problem["detail"].startswith(f"secret_to_file: must be named, as {tmp_path}/file/secrets cannot be made")
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


async def test_a_wrong_reference_names_no_file_elsewhere(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """What is no handle is not made part of a path, and nothing is left of the try."""
    answer = await assistant.call_tool("workflows_publish", {"ref": "../../x", "confirm": True})
    assert problem_of(answer)["code"] in {"invalid_input", "workflow_not_found"}
    assert files_below(tmp_path) == []
    assert sync_server.result("workflows.list")["workflows"] == []


async def test_a_file_that_is_there_is_not_overwritten(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """Nor is a link to one followed; and nothing is published."""
    sync_server.add()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for name in ("mine", "link"):
        answer = await publish(assistant, str(tmp_path / name))
        assert problem_of(answer)["code"] == "invalid_input"
        assert problem_of(answer)["detail"] == "secret_to_file: must be a new file: a file of this name exists"
    assert (tmp_path / "mine").read_text() == "mine"
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must be the path of a new file"),
        (5, "must be the path of a new file"),
        ("token", "must be an absolute path, such as /"),
        ("./folder/token", "must be an absolute path, such as /"),
        ("/nowhere/token", "No such file or directory"),
        ("/zero\0byte", "null byte"),
        ("~nobody-of-this-name/token", "home directory"),
    ],
)
async def test_a_file_that_cannot_be_made(
    assistant: Assistant, sync_server: SyncTestServer, name: object, reason: str
) -> None:
    """The reason is said before anything is published."""
    sync_server.add()
    answer = await publish(assistant, name)
    assert problem_of(answer)["code"] == "invalid_input"
    assert reason in problem_of(answer)["detail"]
    assert sync_server.result("workflows.show", ref="echo")["is_public"] is False


async def test_no_file_is_left_when_publishing_fails(
    assistant: Assistant, sync_server: SyncTestServer, tmp_path: Path
) -> None:
    """So that the next try can use the same name."""
    sync_server.publish()
    answer = await publish(assistant, str(tmp_path / "token"))
    assert problem_of(answer)["code"] == "already_published"
    assert not (tmp_path / "token").exists()


def test_a_secret_that_a_server_of_another_version_does_not_send_is_missed(tmp_path: Path) -> None:
    """What was asked for is done all the same, and the assistant hears it."""
    with (tmp_path / "token").open("w") as file:
        kept = SecretFile(path=tmp_path / "token", descriptor=file.fileno())
        with pytest.raises(SecretNotKept, match="This was carried out, but the answer has no publish_token"):
            kept.keep({"token": "orc_pt_x", "message": "Done."}, "publish_token")


def test_a_secret_without_a_message_is_kept(tmp_path: Path) -> None:
    """A server of another version may say less; the secret is shown only once."""
    with (tmp_path / "token").open("w") as file:
        told = SecretFile(tmp_path / "token", file.fileno()).keep({"publish_token": "orc_pt_x"}, "publish_token")
    assert (tmp_path / "token").read_text() == "orc_pt_x\n"
    assert told["message"].startswith(f"The secret is in {tmp_path}/token")


def test_a_token_that_could_not_be_written_is_not_passed_over(tmp_path: Path) -> None:
    """A full disk after the token was issued: the hint says how to get another one, and the token is not quoted."""
    (tmp_path / "token").touch()
    descriptor = os.open(tmp_path / "token", os.O_RDONLY)
    with pytest.raises(SecretNotKept) as caught:
        SecretFile(tmp_path / "token", descriptor).keep({"publish_token": "orc_pt_x", "message": ""}, "publish_token")
    os.close(descriptor)
    assert f"could not be written to the file {tmp_path}/token: Bad file descriptor." in caught.value.detail
    assert "orc_pt_x" not in caught.value.detail
    assert "Rotate it" in caught.value.hint
