"""The room left on a disk, and the error for a disk that has none."""

import errno
import os
import sys
from pathlib import Path

from orcheo_core.errors import UnavailableError

LEAST_FREE_BYTES = 1024 * 1024
"""With less than this free a message with its answer may no longer fit, so the server counts the disk as full."""


class DiskFull(UnavailableError):
    """The disk that holds the data folder has no room for another change."""

    code = "disk_full"
    summary = "The disk that holds the data folder is full."
    hint = "Free some space on it, then try again. What was stored before is unchanged."

    @classmethod
    def at(cls, path: Path) -> "DiskFull":
        """The error for ``path``, with the space that is left there."""
        return cls(f"The disk that holds {path} is full: {free_bytes(path) // 1024} KiB are free.")


def free_bytes(path: Path) -> int:
    """The bytes that this process may still write to the disk of ``path``, which may not exist yet."""
    left = os.statvfs(_existing(path))
    return left.f_bavail * left.f_frsize


def disk_size(path: Path) -> int:
    """All bytes of the disk of ``path``, which may not exist yet; the largest number where the system does not say."""
    disk = os.statvfs(_existing(path))
    return disk.f_blocks * disk.f_frsize or sys.maxsize


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def is_full(path: Path) -> bool:
    """Whether the disk of ``path`` has less than :data:`LEAST_FREE_BYTES` left."""
    return free_bytes(path) < LEAST_FREE_BYTES


def means_full(error: OSError) -> bool:
    """Whether the system refused a write because a disk or a quota is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
