"""The bytes of attachments as files of a folder."""

import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orcheo_adapters.memory.attachment_files import MemoryAttachmentFiles
from orcheo_adapters.system.attachment_files import LocalAttachmentFiles
from orcheo_core.errors import AttachmentNotFound, InvalidInput, StorageUnavailable
from orcheo_core.ports.attachment_files import AttachmentFiles


@pytest.fixture(params=["local", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> AttachmentFiles:
    """No attachment yet."""
    return LocalAttachmentFiles(tmp_path / "attachments") if request.param == "local" else MemoryAttachmentFiles()


async def chunks(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    """Bytes as they come in, up to an error."""
    for part in parts:
        yield part
    if error is not None:
        raise error


async def test_bytes_are_kept_as_they_came(files: AttachmentFiles) -> None:
    """In as many parts as the network made of them."""
    await files.write("atc_1", chunks(b"ab", b"", b"c"), size=3)
    assert files.read("atc_1") == b"abc"
    assert list(files.ids()) == ["atc_1"]


async def test_nothing_is_kept_yet(files: AttachmentFiles) -> None:
    """Before the first attachment there is nothing to list, to read or to remove."""
    assert list(files.ids()) == []
    await files.remove(["atc_1"])
    with pytest.raises(AttachmentNotFound):
        files.read("atc_1")


@pytest.mark.parametrize("parts", [(), (b"ab",), (b"ab", b"cd"), (b"abcd",)])
async def test_another_number_of_bytes_than_announced_is_refused(
    files: AttachmentFiles, parts: tuple[bytes, ...]
) -> None:
    """Too few and too many alike, and nothing of them stays."""
    with pytest.raises(InvalidInput, match="announced size of 3 bytes"):
        await files.write("atc_1", chunks(*parts), size=3)
    assert list(files.ids()) == []


async def test_removing_some_leaves_the_others(files: AttachmentFiles) -> None:
    """Those that are gone already do not matter."""
    for each in ("atc_1", "atc_2"):
        await files.write(each, chunks(b"x"), size=1)
    await files.remove(["atc_1", "atc_3"])
    assert list(files.ids()) == ["atc_2"]


async def test_a_sender_who_goes_away_leaves_nothing(files: AttachmentFiles) -> None:
    """What was received so far goes with them."""
    with pytest.raises(EOFError):
        await files.write("atc_1", chunks(b"ab", error=EOFError()), size=3)
    assert list(files.ids()) == []


async def test_files_are_private(tmp_path: Path) -> None:
    """What visitors send is readable by the server's account only."""
    await LocalAttachmentFiles(tmp_path / "attachments").write("atc_1", chunks(b"x"), size=1)
    assert (tmp_path / "attachments").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "attachments" / "atc_1").stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_takes_no_more_is_unavailable_storage(tmp_path: Path) -> None:
    """Nothing is there by half, and the system's own words are told."""
    files = LocalAttachmentFiles(tmp_path / "attachments")
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageUnavailable, match="No space left on device"):
        await files.write("atc_1", chunks(b"ab", error=full), size=3)
    assert list(files.ids()) == []


async def test_a_place_that_cannot_be_written_is_unavailable_storage(tmp_path: Path) -> None:
    """A file where the folder should be is no reason to fall over."""
    (tmp_path / "attachments").touch()
    with pytest.raises(StorageUnavailable, match="could not be stored"):
        await LocalAttachmentFiles(tmp_path / "attachments").write("atc_1", chunks(b"x"), size=1)


async def test_what_a_crash_left_unfinished_is_listed(tmp_path: Path) -> None:
    """The sweep at start finds it, as no attachment has such an id."""
    (tmp_path / "atc_1.part").write_bytes(b"ha")
    assert list(LocalAttachmentFiles(tmp_path).ids()) == ["atc_1.part"]


async def test_long_files_are_read_in_pieces(files: AttachmentFiles) -> None:
    """Together they are all of it."""
    content = bytes(range(256)) * 1_000
    await files.write("atc_1", chunks(content), size=len(content))
    pieces = [each async for each in files.pieces("atc_1")]
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 64 * 1024


async def test_a_file_that_is_deleted_while_it_is_read_ends_with_an_error(files: AttachmentFiles) -> None:
    """A reader must not take a part of it for all of it."""
    await files.write("atc_1", chunks(bytes(200_000)), size=200_000)
    reading = files.pieces("atc_1")
    await anext(reading)
    await files.remove(["atc_1"])
    with pytest.raises(AttachmentNotFound):
        await anext(reading)
    with pytest.raises(AttachmentNotFound):
        await anext(files.pieces("atc_1"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.EACCES])
async def test_a_file_that_cannot_be_deleted_is_left_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """What has needed it is gone by then, so there is no one to refuse."""
    files = LocalAttachmentFiles(tmp_path / "attachments")
    await files.write("atc_1", chunks(b"x"), size=1)

    def refuse(_path: Path, missing_ok: bool = False) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refuse)
        await files.remove(["atc_1"])
    assert list(files.ids()) == ["atc_1"]
    await files.remove(files.ids())
    assert list(files.ids()) == []
