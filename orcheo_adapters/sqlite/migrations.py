"""The schema in numbered steps; ``PRAGMA user_version`` of a file says how many it has been through."""

from sqlite_utils import Database

from orcheo_adapters.sqlite.errors import SchemaTooNew
from orcheo_adapters.sqlite.kept_text import COUNTED_TURNS, KEPT_TEXT, QUICKER_SUMS

_FIRST = (
    """
    CREATE TABLE workflows (
        id TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL,
        owner TEXT NOT NULL, runner TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        revision INTEGER NOT NULL, published_at INTEGER, published_by TEXT, require_login INTEGER,
        publish_token_id TEXT, publish_token_rotated_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX workflows_by_owner ON workflows (owner, id)",
    """
    CREATE TABLE publish_tokens (
        public_id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        pepper_id TEXT NOT NULL, digest TEXT NOT NULL, issued_at INTEGER NOT NULL, ends_at INTEGER, "end" TEXT
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX publish_tokens_by_workflow ON publish_tokens (workflow_id)",
    """
    CREATE TABLE service_tokens (
        public_id TEXT PRIMARY KEY, pepper_id TEXT NOT NULL, digest TEXT NOT NULL, owner TEXT NOT NULL,
        scopes TEXT NOT NULL, issued_at INTEGER NOT NULL, label TEXT NOT NULL, expires_at INTEGER, ended_at INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE chat_sessions (
        id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        subject TEXT NOT NULL, way TEXT NOT NULL, opened_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        ended_at INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX chat_sessions_by_workflow ON chat_sessions (workflow_id)",
    """
    CREATE TABLE threads (
        id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        subject TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, title TEXT
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX threads_by_subject ON threads (workflow_id, subject, id)",
    "CREATE INDEX threads_by_workflow ON threads (workflow_id, id)",
    """
    CREATE TABLE items (
        id TEXT PRIMARY KEY, thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        turn_id TEXT NOT NULL, created_at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX items_by_thread ON items (thread_id, id)",
    """
    CREATE TABLE turns (
        id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE, subject TEXT NOT NULL,
        user_item_id TEXT NOT NULL, answer_id TEXT NOT NULL, started_at INTEGER NOT NULL, status TEXT NOT NULL,
        ended_at INTEGER, idempotency_key TEXT, replaces TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER,
        is_indexed INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX turns_by_thread ON turns (thread_id, id)",
    "CREATE UNIQUE INDEX one_running_turn ON turns (thread_id) WHERE status = 'running'",
    "CREATE INDEX turns_to_index ON turns (thread_id) WHERE is_indexed = 0 AND status <> 'running'",
    """
    CREATE TRIGGER changed_item AFTER UPDATE OF body ON items
    BEGIN UPDATE turns SET is_indexed = 0 WHERE id = new.turn_id AND is_indexed = 1; END
    """,
    """
    CREATE TABLE indexed_items (
        number INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE REFERENCES items (id) ON DELETE CASCADE,
        thread_id TEXT NOT NULL
    ) STRICT
    """,
    "CREATE VIRTUAL TABLE item_texts USING fts5 (text, tokenize = 'trigram')",
    """
    CREATE TRIGGER removed_item AFTER DELETE ON indexed_items
    BEGIN DELETE FROM item_texts WHERE rowid = old.number; END
    """,
    """
    CREATE UNIQUE INDEX turns_by_key ON turns (workflow_id, subject, idempotency_key)
    WHERE idempotency_key IS NOT NULL
    """,
    """
    CREATE TABLE attachments (
        id TEXT PRIMARY KEY, workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE,
        thread_id TEXT REFERENCES threads (id) ON DELETE CASCADE, subject TEXT NOT NULL, name TEXT NOT NULL,
        mime_type TEXT NOT NULL, size INTEGER NOT NULL, created_at INTEGER NOT NULL, is_uploaded INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX attachments_by_workflow ON attachments (workflow_id, thread_id)",
    "CREATE INDEX attachments_by_thread ON attachments (thread_id)",
    """
    CREATE TABLE feedback (
        thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        item_id TEXT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
        kind TEXT NOT NULL, given_at INTEGER NOT NULL, PRIMARY KEY (thread_id, item_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX feedback_by_item ON feedback (item_id)",
    """
    CREATE TABLE audit (
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, actor TEXT NOT NULL, channel TEXT NOT NULL,
        workflow_id TEXT, note TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX audit_by_actor ON audit (actor, id)",
    """
    CREATE TABLE audit_chain (
        number INTEGER PRIMARY KEY, entry_id TEXT NOT NULL UNIQUE, link TEXT NOT NULL
    ) STRICT
    """,
)

_APP_USERS = (
    "ALTER TABLE publish_tokens ADD COLUMN holder_id TEXT NOT NULL DEFAULT ''",
    "UPDATE publish_tokens SET holder_id = public_id",
    "ALTER TABLE chat_sessions ADD COLUMN app_user TEXT",
)

_ARCHIVE = ("ALTER TABLE workflows ADD COLUMN archived_at INTEGER",)

_NAMES = (
    "ALTER TABLE audit ADD COLUMN handle TEXT",
    "ALTER TABLE audit ADD COLUMN actor_label TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX audit_by_workflow ON audit (workflow_id, id)",
    "ALTER TABLE service_tokens ADD COLUMN last_used_at INTEGER",
    """
    UPDATE service_tokens SET label = 'local owner token' WHERE label = '' AND owner = 'local'
    AND issued_at = (SELECT min(issued_at) FROM service_tokens WHERE owner = 'local')
    """,
)


_TURN_FAULTS = (
    "ALTER TABLE turns ADD COLUMN fault_code TEXT",
    "ALTER TABLE turns ADD COLUMN fault_reason TEXT",
    "CREATE INDEX failed_turns ON turns (workflow_id, thread_id) WHERE status = 'failed'",
)

_LIMITS = (
    "ALTER TABLE workflows ADD COLUMN time_limit INTEGER",
    "ALTER TABLE workflows ADD COLUMN history_length INTEGER",
)

_TITLES = ("ALTER TABLE threads ADD COLUMN is_titled INTEGER NOT NULL DEFAULT 0",)

_EXPIRED_CHAT_SESSIONS = ("CREATE INDEX chat_sessions_by_end ON chat_sessions (expires_at)",)

_SPENT_IDS = (
    """
    CREATE TABLE spent_ids (
        purpose TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (purpose, id)
    ) STRICT, WITHOUT ROWID
    """,
)

_WEBHOOK = (
    """
    CREATE TABLE webhook_deliveries (
        id TEXT PRIMARY KEY, body TEXT NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (due_at, id)",
)

_UNSENT_ATTACHMENTS = ("CREATE INDEX unsent_attachments ON attachments (created_at) WHERE thread_id IS NULL",)

_UNSENT_BUDGETS = (
    "ALTER TABLE attachments ADD COLUMN announced_from TEXT",
    "CREATE INDEX unsent_by_subject ON attachments (subject, size) WHERE thread_id IS NULL",
    "CREATE INDEX unsent_by_address ON attachments (announced_from, size) WHERE thread_id IS NULL",
    "CREATE INDEX unsent_by_workflow ON attachments (workflow_id, size) WHERE thread_id IS NULL",
)

_FINAL_ENDS = (
    "ALTER TABLE publish_tokens ADD COLUMN is_final INTEGER NOT NULL DEFAULT 0",
    "UPDATE publish_tokens SET is_final = 1 WHERE ends_at <= strftime('%s', 'now') * 1000000",
    "CREATE INDEX publish_tokens_to_end ON publish_tokens (ends_at) WHERE is_final = 0",
    "ALTER TABLE service_tokens ADD COLUMN is_final INTEGER NOT NULL DEFAULT 0",
    "UPDATE service_tokens SET is_final = 1 WHERE ended_at <= strftime('%s', 'now') * 1000000",
    "CREATE INDEX service_tokens_to_end ON service_tokens (ended_at) WHERE is_final = 0",
)

PUBLICATION_NUMBERS = (
    "ALTER TABLE workflows ADD COLUMN publication_number INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE chat_sessions ADD COLUMN publication_number INTEGER NOT NULL DEFAULT 0",
    """
    UPDATE chat_sessions SET publication_number = 1
    WHERE opened_at >= (SELECT published_at FROM workflows WHERE id = workflow_id)
    """,
)

_SESSION_RULES = ("ALTER TABLE chat_sessions ADD COLUMN rules TEXT",)

_LOOK = ("ALTER TABLE workflows ADD COLUMN look TEXT",)

_ALLOWED_ORIGINS = ("ALTER TABLE workflows ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT ''",)

_IDENTITY_KEYS = ("ALTER TABLE workflows ADD COLUMN identity_keys TEXT NOT NULL DEFAULT '[]'",)

_KEPT_BYTES = (
    "CREATE INDEX attachments_by_subject ON attachments (subject, size)",
    "CREATE INDEX attachments_by_workflow_size ON attachments (workflow_id, size)",
)

_REFUSAL = "SELECT RAISE (ABORT, 'FOREIGN KEY constraint failed')"
"""The same as of a thread whose row is gone."""
_REFUSED = f"BEGIN {_REFUSAL}; END"
_IS_REMOVED = "WHEN (SELECT is_removed FROM threads WHERE id = new.thread_id) = 1"

_REMOVED_IN_SLICES = (
    "ALTER TABLE threads ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX removed_threads ON threads (id) WHERE is_removed = 1",
    f"CREATE TRIGGER late_item BEFORE INSERT ON items {_IS_REMOVED} {_REFUSED}",
    f"CREATE TRIGGER late_turn BEFORE INSERT ON turns {_IS_REMOVED} {_REFUSED}",
    f"CREATE TRIGGER late_feedback BEFORE INSERT ON feedback {_IS_REMOVED} {_REFUSED}",
    f"CREATE TRIGGER late_attachment BEFORE UPDATE OF thread_id ON attachments {_IS_REMOVED} {_REFUSED}",
)

_GONE = "EXISTS (SELECT 1 FROM removals WHERE parent_id = {} AND {} BETWEEN first_id AND last_id AND kind IN ('', {}))"
_GONE_THREAD = _GONE.format("(SELECT workflow_id FROM threads WHERE id = new.thread_id)", "new.thread_id", "''")
_GONE_WORKFLOW = _GONE.format("new.workflow_id", "''", "''")
_IN_GONE_THREAD = _GONE.format("new.workflow_id", "coalesce(new.thread_id, '')", "''")
_ANY = "EXISTS (SELECT 1 FROM removals)"
"""Asked first: the table is mostly empty, and then the rest costs a turn nothing."""
_FREED = (
    "BEGIN UPDATE turns SET idempotency_key = NULL "  # noqa: S608 - ours
    "WHERE workflow_id = new.workflow_id AND subject = new.subject AND idempotency_key = new.idempotency_key AND "
    + _GONE.format("turns.workflow_id", "turns.thread_id", "''")
    + "; END"
)
_LATE_TURN = f"CREATE TRIGGER late_turn BEFORE INSERT ON turns WHEN {_IN_GONE_THREAD} {_REFUSED}"
_LATE_ITEM = f"""
    CREATE TRIGGER late_item BEFORE INSERT ON items
    WHEN {_ANY} AND ({_GONE_THREAD} OR {_GONE.format("new.thread_id", "new.id", "new.kind")}) {_REFUSED}
    """
_LATE_FEEDBACK = f"""
    CREATE TRIGGER late_feedback BEFORE INSERT ON feedback
    WHEN {_ANY} AND ({_GONE_THREAD} OR {_GONE.format("new.thread_id", "new.item_id", "''")}) {_REFUSED}
    """
_FREED_KEY = f"CREATE TRIGGER freed_key BEFORE INSERT ON turns WHEN {_ANY} AND new.idempotency_key IS NOT NULL {_FREED}"

REMOVALS = (
    """
    CREATE TABLE removals (
        parent_id TEXT NOT NULL, first_id TEXT NOT NULL, last_id TEXT NOT NULL, kind TEXT NOT NULL,
        PRIMARY KEY (parent_id, first_id, last_id, kind)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO removals SELECT workflow_id, id, id, '' FROM threads WHERE is_removed = 1",
    *(f"DROP TRIGGER late_{what}" for what in ("item", "turn", "feedback", "attachment")),
    "DROP INDEX removed_threads",
    "ALTER TABLE threads DROP COLUMN is_removed",
    "INSERT INTO item_texts (item_texts, rank) VALUES ('automerge', 0)",
    f"CREATE TRIGGER late_thread BEFORE INSERT ON threads WHEN {_GONE_WORKFLOW} {_REFUSED}",
    f"CREATE TRIGGER late_chat_session BEFORE INSERT ON chat_sessions WHEN {_GONE_WORKFLOW} {_REFUSED}",
    f"CREATE TRIGGER late_publish_token BEFORE INSERT ON publish_tokens WHEN {_GONE_WORKFLOW} {_REFUSED}",
    _LATE_TURN,
    f"CREATE TRIGGER late_attachment BEFORE INSERT ON attachments WHEN {_IN_GONE_THREAD} {_REFUSED}",
    f"CREATE TRIGGER late_sending BEFORE UPDATE OF thread_id ON attachments WHEN {_IN_GONE_THREAD} {_REFUSED}",
    _LATE_ITEM,
    _LATE_FEEDBACK,
    _FREED_KEY,
)

_APP_THREADS = (
    """
    CREATE INDEX threads_by_app ON threads (workflow_id, substr(subject, 1, 4 + instr(substr(subject, 5), ':')), id)
    WHERE substr(subject, 1, 4) = 'app:'
    """,
)

_ENDED_TOGETHER = (
    "ALTER TABLE workflows ADD COLUMN chats_ended_at INTEGER",
    "ALTER TABLE workflows ADD COLUMN chats_ended_to TEXT",
)

_ITEMS_OF_THREADS = (
    "DROP TRIGGER changed_item",
    "ALTER TABLE items RENAME TO old_items",
    """
    CREATE TABLE items (
        id TEXT NOT NULL, thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
        turn_id TEXT NOT NULL, created_at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (thread_id, id)
    ) STRICT
    """,
    "INSERT INTO items SELECT id, thread_id, turn_id, created_at, kind, body FROM old_items ORDER BY rowid",
    "ALTER TABLE indexed_items RENAME TO old_indexed_items",
    """
    CREATE TABLE indexed_items (
        number INTEGER PRIMARY KEY, item_id TEXT NOT NULL, thread_id TEXT NOT NULL, UNIQUE (thread_id, item_id),
        FOREIGN KEY (thread_id, item_id) REFERENCES items (thread_id, id) ON DELETE CASCADE
    ) STRICT
    """,
    "INSERT INTO indexed_items SELECT number, item_id, thread_id FROM old_indexed_items ORDER BY number",
    "DROP TABLE old_indexed_items",
    """
    CREATE TRIGGER removed_item AFTER DELETE ON indexed_items
    BEGIN DELETE FROM item_texts WHERE rowid = old.number; END
    """,
    "ALTER TABLE feedback RENAME TO old_feedback",
    """
    CREATE TABLE feedback (
        thread_id TEXT NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL, given_at INTEGER NOT NULL,
        PRIMARY KEY (thread_id, item_id),
        FOREIGN KEY (thread_id, item_id) REFERENCES items (thread_id, id) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO feedback SELECT thread_id, item_id, kind, given_at FROM old_feedback",
    "DROP TABLE old_feedback",
    "DROP TABLE old_items",  # last: what refers to it would go with it
    _LATE_ITEM,
    _LATE_FEEDBACK,
)

_TURNS_OF_THREADS = (
    "ALTER TABLE turns RENAME TO old_turns",
    """
    CREATE TABLE turns (
        id TEXT NOT NULL, workflow_id TEXT NOT NULL,
        thread_id TEXT NOT NULL REFERENCES threads (id) ON DELETE CASCADE, subject TEXT NOT NULL,
        user_item_id TEXT NOT NULL, answer_id TEXT NOT NULL, started_at INTEGER NOT NULL, status TEXT NOT NULL,
        ended_at INTEGER, idempotency_key TEXT, replaces TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER,
        is_indexed INTEGER NOT NULL, fault_code TEXT, fault_reason TEXT, PRIMARY KEY (thread_id, id)
    ) STRICT, WITHOUT ROWID
    """,
    "INSERT INTO turns SELECT * FROM old_turns ORDER BY thread_id, id",
    "DROP TABLE old_turns",
    "CREATE INDEX turns_to_index ON turns (thread_id) WHERE is_indexed = 0",
    """
    CREATE TRIGGER one_running_turn BEFORE INSERT ON turns
    WHEN new.status = 'running' AND EXISTS
        (SELECT 1 FROM turns WHERE thread_id = new.thread_id AND is_indexed = 0 AND status = 'running')
    BEGIN SELECT RAISE (ABORT, 'UNIQUE constraint failed: turns.thread_id'); END
    """,
    """
    CREATE UNIQUE INDEX turns_by_key ON turns (workflow_id, subject, idempotency_key)
    WHERE idempotency_key IS NOT NULL
    """,
    "CREATE INDEX failed_turns ON turns (workflow_id, thread_id) WHERE status = 'failed'",
    """
    CREATE TRIGGER changed_item AFTER UPDATE OF body ON items BEGIN
    UPDATE turns SET is_indexed = 0 WHERE thread_id = new.thread_id AND id = new.turn_id AND is_indexed = 1; END
    """,
    _LATE_TURN,
    _FREED_KEY,
)
FEWER_PAGES = (*_ITEMS_OF_THREADS, *_TURNS_OF_THREADS)
"""A turn writes eleven pages instead of seventeen: each index that holds a new row is a page more, written twice.

A turn that runs is among those to index already, so its end changes its own row alone.
"""

_OWNER_SESSIONS = (
    """
    CREATE TABLE owner_sessions (
        public_id TEXT PRIMARY KEY, pepper_id TEXT NOT NULL, digest TEXT NOT NULL, owner TEXT NOT NULL,
        token_id TEXT NOT NULL, issued_at INTEGER NOT NULL, opened_at INTEGER, seen_at INTEGER, ended_at INTEGER,
        address TEXT NOT NULL, user_agent TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_OWNER_LOGINS = tuple(
    f"ALTER TABLE owner_sessions ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
    for name in ("rule", "issuer", "sub", "sid", "label")
)

_USAGE_BY_DAY = (
    "ALTER TABLE turns ADD COLUMN first_event_at INTEGER",
    """
    CREATE TABLE refusals (
        workflow_id TEXT NOT NULL REFERENCES workflows (id) ON DELETE CASCADE, day INTEGER NOT NULL,
        code TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (workflow_id, day, code)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX refusals_by_day ON refusals (day)",
)
_THREAD_SETTINGS = ("ALTER TABLE threads ADD COLUMN settings TEXT",)

_ONE_LOOK_AT_REMOVALS = (
    "DROP TRIGGER freed_key",
    "DROP TRIGGER late_turn",
    f"CREATE TRIGGER late_turn BEFORE INSERT ON turns WHEN {_ANY} BEGIN "
    f"{_REFUSAL} WHERE {_IN_GONE_THREAD}; " + _FREED.removeprefix("BEGIN "),
)
"""Each turn asks twice less whether anything is being removed."""

STEPS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _APP_USERS,
    _ARCHIVE,
    _NAMES,
    _TURN_FAULTS,
    _LIMITS,
    _TITLES,
    _EXPIRED_CHAT_SESSIONS,
    _SPENT_IDS,
    _WEBHOOK,
    _UNSENT_ATTACHMENTS,
    _UNSENT_BUDGETS,
    _FINAL_ENDS,
    PUBLICATION_NUMBERS,
    _SESSION_RULES,
    _ALLOWED_ORIGINS,
    _LOOK,
    _IDENTITY_KEYS,
    _KEPT_BYTES,
    _REMOVED_IN_SLICES,
    REMOVALS,
    _APP_THREADS,
    _ENDED_TOGETHER,
    FEWER_PAGES,
    _OWNER_SESSIONS,
    _OWNER_LOGINS,
    KEPT_TEXT,
    _USAGE_BY_DAY,
    _THREAD_SETTINGS,
    QUICKER_SUMS,
    (*COUNTED_TURNS, *_ONE_LOOK_AT_REMOVALS),
)
"""Step n brings a file from version n to version n + 1; a step that was released never changes."""


def migrate(database: Database) -> None:
    """Bring the file up to the newest version, all or nothing; raises :class:`SchemaTooNew`."""
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > len(STEPS):
        message = f"The database has schema version {version}; this release of Orcheo knows up to {len(STEPS)}."
        raise SchemaTooNew(message)
    if version == len(STEPS):
        return
    with database.atomic():
        for step in STEPS[version:]:
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {len(STEPS)}")
