"""What each visitor of a workflow takes in the database: sums that triggers keep, in the transaction of each change."""

_INDEXED_FACTOR, _ROW_BYTES, _LARGE = 8, 300, 1_000
"""What a text takes with its words in the search index, and what a row takes besides; smaller lists are left out."""
_ROOM = (
    f"({_ROW_BYTES} + length(CAST({{0}}.body AS BLOB)) * "
    f"CASE WHEN {{0}}.kind IN ('user', 'assistant') THEN {_INDEXED_FACTOR} ELSE 1 END)"
)
_ADD = "ON CONFLICT (workflow_id, subject) DO UPDATE SET bytes = bytes + excluded.bytes"


def _counted(when: str, room: str, where: str) -> str:
    """Add this to the sum of the thread's holder."""
    add = f"INSERT INTO kept_text SELECT workflow_id, subject, {room} FROM threads WHERE {where} {_ADD}"  # noqa: S608 - ours
    return f"CREATE TRIGGER {when} BEGIN {add}; END"


_NOTHING = (
    "WHEN new.bytes <= 0 BEGIN DELETE FROM kept_text WHERE workflow_id = new.workflow_id AND subject = new.subject; END"
)
_LISTED = "turns WHEN length({}.replaces) > " + str(_LARGE)
_ROOM_OF_THREAD = (
    f"(SELECT coalesce(sum({_ROOM.format('items')}), 0) FROM items WHERE thread_id = old.id)"  # noqa: S608 - ours
    " + (SELECT coalesce(sum(length(replaces)), 0) FROM turns "
    f"WHERE thread_id = old.id AND length(replaces) > {_LARGE})"
)
KEPT_TEXT = (
    """
    CREATE TABLE kept_text (
        workflow_id TEXT NOT NULL, subject TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (workflow_id, subject)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX kept_text_by_subject ON kept_text (subject)",
    f"""
    INSERT INTO kept_text SELECT workflow_id, subject, sum({_ROOM.format("items")})
    FROM threads JOIN items ON thread_id = threads.id GROUP BY workflow_id, subject
    """,  # noqa: S608 - ours
    f"""
    INSERT INTO kept_text SELECT workflow_id, subject, sum(length(replaces)) FROM turns
    WHERE length(replaces) > {_LARGE} GROUP BY workflow_id, subject {_ADD}
    """,  # noqa: S608 - ours
    _counted("kept_item AFTER INSERT ON items", _ROOM.format("new"), "id = new.thread_id"),
    _counted(
        "kept_change AFTER UPDATE OF body ON items",
        f"{_ROOM.format('new')} - {_ROOM.format('old')}",
        "id = new.thread_id",
    ),
    _counted("dropped_item AFTER DELETE ON items", f"-{_ROOM.format('old')}", "id = old.thread_id"),
    _counted(
        f"kept_list AFTER INSERT ON {_LISTED.format('new')}",
        "length(new.replaces)",
        "id = new.thread_id",
    ),
    _counted(
        f"dropped_list AFTER DELETE ON {_LISTED.format('old')}",
        "-length(old.replaces)",
        "id = old.thread_id",
    ),
    # What goes with its thread finds no thread any more, so it is taken off before.
    _counted("dropped_thread BEFORE DELETE ON threads", f"-({_ROOM_OF_THREAD})", "id = old.id"),
    f"CREATE TRIGGER nothing_left AFTER UPDATE OF bytes ON kept_text {_NOTHING}",
    f"CREATE TRIGGER nothing_there AFTER INSERT ON kept_text {_NOTHING}",
)
"""The step of the schema that begins to keep them."""


def _taken_off(when: str, room: str, where: str) -> str:
    """Take this off the sum of the thread's holder, and forget a sum of nothing."""
    holder = f"(SELECT workflow_id, subject FROM threads WHERE {where})"  # noqa: S608 - ours
    take = f"UPDATE kept_text SET bytes = bytes - {room} WHERE (workflow_id, subject) = {holder}"  # noqa: S608 - ours
    forget = f"DELETE FROM kept_text WHERE (workflow_id, subject) = {holder} AND bytes <= 0"  # noqa: S608 - ours
    return f"CREATE TRIGGER {when} BEGIN {take}; {forget}; END"


QUICKER_SUMS = (
    *(
        f"DROP TRIGGER {each}"
        for each in ("nothing_left", "nothing_there", "dropped_item", "dropped_list", "dropped_thread")
    ),
    _taken_off("dropped_item AFTER DELETE ON items", _ROOM.format("old"), "id = old.thread_id"),
    _taken_off(f"dropped_list AFTER DELETE ON {_LISTED.format('old')}", "length(old.replaces)", "id = old.thread_id"),
    _taken_off("dropped_thread BEFORE DELETE ON threads", f"({_ROOM_OF_THREAD})", "id = old.id"),
)
"""Sums of nothing are looked for where something is taken off. Triggers on the sums made each item that is added a
seventh more work for SQLite."""


_TURN_BYTES = 1_300
"""What a turn takes: some 800 bytes with its idempotency key and the indexes, and 500 for why it failed."""
_BRINGS_NO_MESSAGE = "substr({0}.user_item_id, 5, 7) <> substr({0}.id, 5, 7)"
"""Of a turn that begins with what was there before. A message and its turn get ids of one moment; so much of them says
when, to 4 ms. Turns with a message of their own are within what the message counts for."""
_ROOM_OF_TURN = f"{_TURN_BYTES} + length({{0}}.replaces)"
_AGAIN = "turns WHEN " + _BRINGS_NO_MESSAGE
_ROOM_OF_THREAD_WITH_TURNS = (
    f"(SELECT coalesce(sum({_ROOM.format('items')}), 0) FROM items WHERE thread_id = old.id)"  # noqa: S608 - ours
    f" + (SELECT coalesce(sum({_ROOM_OF_TURN.format('turns')}), 0) FROM turns "
    f"WHERE thread_id = old.id AND {_BRINGS_NO_MESSAGE.format('turns')})"
)
COUNTED_TURNS = (
    *(f"DROP TRIGGER {each}" for each in ("kept_list", "dropped_list", "dropped_thread")),
    f"""
    INSERT INTO kept_text SELECT workflow_id, subject,
    sum({_ROOM_OF_TURN.format("turns")} - CASE WHEN length(replaces) > {_LARGE} THEN length(replaces) ELSE 0 END)
    FROM turns WHERE {_BRINGS_NO_MESSAGE.format("turns")} GROUP BY workflow_id, subject {_ADD}
    """,  # noqa: S608 - ours
    _counted(f"kept_turn AFTER INSERT ON {_AGAIN.format('new')}", _ROOM_OF_TURN.format("new"), "id = new.thread_id"),
    _taken_off(
        f"dropped_turn AFTER DELETE ON {_AGAIN.format('old')}", f"({_ROOM_OF_TURN.format('old')})", "id = old.thread_id"
    ),
    _taken_off("dropped_thread BEFORE DELETE ON threads", f"({_ROOM_OF_THREAD_WITH_TURNS})", "id = old.id"),
)
"""Turns that begin with no message leave their row when what they said is removed, and each retry is one more."""
