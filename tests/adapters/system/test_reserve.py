"""Space that is kept back."""

import errno
from pathlib import Path

import pytest

from orcheo_adapters.system import reserve as module
from orcheo_adapters.system.reserve import Reserve

MIB = 1024 * 1024


def test_it_takes_up_real_space_and_gives_it_up_in_parts(tmp_path: Path) -> None:
    """Blocks of the disk, not a hole in a file."""
    reserve = Reserve(tmp_path / "reserve", 2 * MIB + 1)
    reserve.fill()
    assert reserve.held == 2 * MIB + 1
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 2 * MIB
    assert (tmp_path / "reserve").stat().st_mode & 0o777 == 0o600
    left = []
    while reserve.give_up_some():
        left.append(reserve.held)
    assert left == [MIB + 1, 1, 0]
    reserve.refill()
    assert reserve.held == 2 * MIB + 1


def test_it_never_fills_the_disk_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small disk there is none."""
    monkeypatch.setattr(module, "free_bytes", lambda _path: 2 * MIB)
    reserve = Reserve(tmp_path / "reserve", 2 * MIB)
    reserve.fill()
    assert reserve.held == 0
    assert not reserve.give_up_some()


def test_a_disk_without_room_leaves_it_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up may be in use by now."""
    reserve = Reserve(tmp_path / "reserve", 2 * MIB)
    reserve.fill()
    reserve.give_up_some()

    def refuse(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", refuse)
    reserve.refill()
    assert reserve.held == MIB


def test_a_folder_that_is_gone_has_none(tmp_path: Path) -> None:
    """Nothing is raised: the server has worse to say about that."""
    reserve = Reserve(tmp_path / "gone" / "reserve", MIB)
    reserve.fill()
    assert reserve.held == 0
    assert not reserve.give_up_some()
