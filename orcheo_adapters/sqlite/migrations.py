"""The schema in numbered steps; ``PRAGMA user_version`` of a file says how many it has been through."""

from sqlite_utils import Database

from orcheo_adapters.sqlite.errors import SchemaTooNew

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
