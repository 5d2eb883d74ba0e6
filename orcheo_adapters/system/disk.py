"""The room left on a disk, and the error for a disk that has none."""

import errno
import os
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
    while not path.exists() and path != path.parent:
        path = path.parent
    left = os.statvfs(path)
    return left.f_bavail * left.f_frsize


def is_full(path: Path) -> bool:
    """Whether the disk of ``path`` has less than :data:`LEAST_FREE_BYTES` left."""
    return free_bytes(path) < LEAST_FREE_BYTES


def means_full(error: OSError) -> bool:
    """Whether the system refused a write because a disk or a quota is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
