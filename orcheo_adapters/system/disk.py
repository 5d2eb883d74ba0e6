"""The room left on a disk, and the error for a disk that has none."""

import errno
import os
import re
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


NETWORK_ADVICE = (
    "SQLite's log and locks are made for a disk of this machine; over a network a second server may damage the "
    "database, and commits are slow. Choose a folder on a local disk with --data-dir or ORCHEO_DATA_DIR."
)
_NETWORK_SYSTEMS = re.compile(
    r"(?:fuse\.)?(?:9p|afs|beegfs|ceph|cifs|coda|davfs|gcsfuse|gfs2?|glusterfs|lustre|ncpfs|nfs4?|ocfs2|orangefs|pvfs2"
    r"|rclone|s3fs|smb3|smbfs|sshfs|vboxsf|vmhgfs)"
)
_OCTAL = re.compile(r"\\([0-7]{3})")
"""How a blank in the path of a mount is written."""
_MOUNTS = Path("/proc/self/mounts")


def network_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of network file system that ``path`` is on; None for a local disk, and where mounts are not listed."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    resolved, deepest, system = path.resolve(), -1, ""
    for line in lines:
        _, point, kind, *_ = (*line.split(" "), "", "", "")
        mounted = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), point))
        if point and resolved.is_relative_to(mounted) and len(mounted.parts) >= deepest:  # a later mount covers others
            deepest, system = len(mounted.parts), kind
    return system if _NETWORK_SYSTEMS.fullmatch(system) else None


def free_bytes(path: Path) -> int:
    """The bytes that this process may still write to the disk of ``path``, which may not exist yet."""
    left = os.statvfs(_existing(path))
    return left.f_bavail * left.f_frsize


def disk_size(path: Path) -> int:
    """All bytes of the disk of ``path``, which may not exist yet; the largest number where the system does not say."""
    disk = os.statvfs(_existing(path))
    return disk.f_blocks * disk.f_frsize or sys.maxsize


def _existing(path: Path) -> Path:
    """The folder of ``path`` that is there; what cannot be looked at, for the length of its name say, is not."""
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110 - Path.exists raises for such a name
        path = path.parent
    return path


def is_full(path: Path) -> bool:
    """Whether the disk of ``path`` has less than :data:`LEAST_FREE_BYTES` left."""
    return free_bytes(path) < LEAST_FREE_BYTES


def means_full(error: OSError) -> bool:
    """Whether the system refused a write because a disk or a quota is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
