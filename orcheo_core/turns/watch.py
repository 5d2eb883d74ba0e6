"""What an owner sees of a place while they look at it: where turns run, and which threads have changed."""

from collections.abc import Callable

from attrs import frozen

from orcheo_core.turns.register import Place, Register, WorkKind

MOST_CHANGED = 250
"""Threads that are named as changed at one time; who looks reads the rest again."""


@frozen(kw_only=True)
class News:
    """What has happened since the last news."""

    running: tuple[str, ...]
    """The threads in which a turn runs now, by id."""
    changed: tuple[str, ...]
    """Those in which a turn began or ended, or that were removed."""
    is_cut: bool
    """Whether more have changed than are named."""


class Watch:
    """Gathers news of a place until they are taken: a slow reader gets them in one piece, and keeps no one waiting."""

    def __init__(self, register: Register, place: Place) -> None:
        """Nothing is reported yet."""
        self._register = register
        self._place = place
        self._changed: dict[str, None] = {}
        self._is_cut = False
        self._has_news = True
        self._wake: Callable[[], None] = lambda: None

    def follow(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever there is news; the first news is how things stand, and is there at once."""
        self._wake = wake
        self._register.watch(self._place, self._told)

    def leave(self, _wake: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._register.unwatch(self._told)

    def take(self) -> News | None:
        """What has happened since this was called last; None for nothing."""
        if not self._has_news:
            return None
        works = self._register.running(self._place, {WorkKind.TURN})
        running = dict.fromkeys(work.place.thread_id for work in works if work.place.thread_id is not None)
        news = News(running=tuple(running), changed=tuple(self._changed), is_cut=self._is_cut)
        self._changed, self._is_cut, self._has_news = {}, False, False
        return news

    def _told(self, place: Place) -> None:
        self._has_news = True
        if len(self._changed) < MOST_CHANGED or place.thread_id in self._changed:
            self._changed[place.thread_id or ""] = None
        else:
            self._is_cut = True
        self._wake()
