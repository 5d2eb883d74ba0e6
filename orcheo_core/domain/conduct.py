"""What a workflow does to the server's process."""

from attrs import frozen


@frozen(kw_only=True)
class Conduct:
    """How a workflow has behaved since the server started; all zero for one that nothing is wrong with."""

    blocks: int = 0
    """How often it stopped the event loop, and with it every chat, for a second or more."""
    longest_block: float = 0.0
    """Seconds of the longest such block."""
    threads_left: int = 0
    """Threads that still run although the runs that started them are over."""
    output_cut: int = 0
    """How many runs wrote more to standard output, standard error and the log than is kept."""
    process_ends: int = 0
    """How often its own process ended without being asked to; of a workflow with ``isolation=process``."""
    process_memory: int | None = None
    """Bytes of memory that its own process has now; None without one."""
