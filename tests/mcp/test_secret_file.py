"""``secret_to_file``: the publish token stays out of the conversation."""

import os
import stat
from pathlib import Path

import pytest
from mcp.types import CallToolResult

from orcheo_mcp.secret_file import SecretFile, SecretNotKept
from tests.mcp.answers import Assistant, data_of, problem_of
from tests.sync_house import SyncHouse


async def publish(assistant: Assistant, file: object, tool: str = "workflows_publish") -> CallToolResult:
    """The answer of a tool that is to write its secret to this file."""
    return await assistant.call_tool(tool, {"ref": "echo", "secret_to_file": file, "confirm": True})


async def test_the_publish_token_is_in_the_file_alone(
    assistant: Assistant, sync_house: SyncHouse, tmp_path: Path
) -> None:
    """Nothing of the answer holds it; the message says where it is; it works."""
    sync_house.add()
    path = tmp_path / "token"
    answer = await publish(assistant, str(path))
    token = path.read_text().strip()
    assert data_of(answer)["publish_token"] is None
    assert data_of(answer)["message"].startswith(f"Done. The secret is in {path} and nowhere else")
    assert token not in str(answer)
    assert sync_house.call(sync_house.house.chatkit, token, "threads.list").status_code == 200


async def test_only_the_owner_of_the_file_can_read_it(
    assistant: Assistant, sync_house: SyncHouse, tmp_path: Path
) -> None:
    """Mode 0600 from the first moment."""
    sync_house.add()
    await publish(assistant, str(tmp_path / "token"))
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


async def test_rotating_knows_it_too(assistant: Assistant, sync_house: SyncHouse, tmp_path: Path) -> None:
    """The other operation that issues a publish token."""
    sync_house.publish()
    answer = await publish(assistant, str(tmp_path / "token"), "workflows_rotate_publish_token")
    assert data_of(answer)["publish_token"] is None
    assert (tmp_path / "token").read_text().startswith("orc_pt_")


async def test_null_shows_the_token(assistant: Assistant, sync_house: SyncHouse) -> None:
    """The default, said aloud."""
    sync_house.add()
    answer = await publish(assistant, None)
    assert data_of(answer)["publish_token"].startswith("orc_pt_")


async def test_a_file_that_is_there_is_not_overwritten(
    assistant: Assistant, sync_house: SyncHouse, tmp_path: Path
) -> None:
    """Nor is a link to one followed; and nothing is published."""
    sync_house.add()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for name in ("mine", "link"):
        answer = await publish(assistant, str(tmp_path / name))
        assert problem_of(answer)["code"] == "invalid_input"
        assert problem_of(answer)["detail"] == "secret_to_file: must be a new file: a file of this name exists"
    assert (tmp_path / "mine").read_text() == "mine"
    assert sync_house.result("workflows.show", ref="echo")["is_public"] is False


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
    assistant: Assistant, sync_house: SyncHouse, name: object, reason: str
) -> None:
    """The reason is said before anything is published."""
    sync_house.add()
    answer = await publish(assistant, name)
    assert problem_of(answer)["code"] == "invalid_input"
    assert reason in problem_of(answer)["detail"]
    assert sync_house.result("workflows.show", ref="echo")["is_public"] is False


async def test_no_file_is_left_when_publishing_fails(
    assistant: Assistant, sync_house: SyncHouse, tmp_path: Path
) -> None:
    """So that the next try can use the same name."""
    sync_house.publish()
    answer = await publish(assistant, str(tmp_path / "token"))
    assert problem_of(answer)["code"] == "already_published"
    assert not (tmp_path / "token").exists()


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
