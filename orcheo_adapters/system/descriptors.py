"""File descriptors: how many this process may have, and the last ones, which no connection takes.

The system gives each new descriptor the lowest number that is free, so a high number says that all below it are used,
whatever for: connections of clients, connections to services and providers, files, pipes of other processes.
"""

import resource

RESERVE = 96
"""Descriptors that are kept for the database, files, and connections that are about to be refused."""
OWNERS_SHARE = 16
"""Of the reserve, for connections from this machine: when others hold all, its owner must still be able to act."""
OUTGOING_SHARE = 32
"""Of the reserve, for connections to others: when clients hold all theirs, answers must still come."""
_WANTED = 65_536


def raise_descriptor_limit() -> None:
    """Take as many descriptors as the system allows this process, up to what the server can use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptor_limit() -> int:
    """How many descriptors this process may have now: an operator can change it while the server runs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _WANTED if soft == resource.RLIM_INFINITY else soft


def is_reserved(descriptor: int, share: int = 0) -> bool:
    """Whether a connection with this descriptor would take what is kept for the rest, but for a ``share`` of it.

    Of few descriptors a quarter is kept.
    """
    limit = descriptor_limit()
    kept = min(RESERVE, limit // 4)
    return descriptor >= limit - kept + share * kept // RESERVE
