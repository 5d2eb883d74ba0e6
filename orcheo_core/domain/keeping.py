"""What a server keeps: each kind with its place, who can fill it, why it is kept, how long, and how much at most.

Housekeeping removes by this table, the reference page and ``orcheo doctor --space`` show it. A test compares it with
the tables of the database and with the files of a data folder that was used.
"""

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from attrs import frozen

from orcheo_core.domain.chat_session import EXPIRED_IS_KEPT
from orcheo_core.domain.host_identity import IDENTITY_LIFETIME, IDENTITY_SKEW
from orcheo_core.domain.login import LOGIN_ATTEMPT_LIFETIME, LOGIN_LIFETIME, LOGOUT_NOTICE_LIFETIME
from orcheo_core.domain.owner_session import CANVAS_TICKET_LIFETIME, OWNER_SESSION_LIFETIME
from orcheo_core.domain.usage_days import USAGE_DAYS_MOST


class Place(StrEnum):
    """Where something is kept."""

    ROWS = "rows"
    """In tables of the database."""
    FILES = "files"
    """In the data folder."""
    MEMORY = "memory"
    """In the server's process, gone with it."""


@frozen(kw_only=True)
class Kept:
    """One kind of thing that is kept."""

    name: str
    place: Place
    where: tuple[str, ...] = ()
    """The tables, or patterns of paths below the data folder."""
    filled_by: str
    why: str
    how_long: str
    most: str
    """How much it can become, in words."""
    lifetime: timedelta = timedelta.max
    """The age at which housekeeping removes it; the maximum where something else ends it."""

    def holds(self, name: str) -> bool:
        """Whether this table, or file below the data folder, is part of it."""
        return any(fnmatchcase(name, each) for each in self.where)


CHALLENGE_LIFETIME = timedelta(minutes=5)
"""For how long a proof of work can be shown after its challenge was made."""

_DAY = timedelta(days=1)
_WITH_ITS_THREAD = "as long as its thread"

CHAT_SESSIONS = Kept(
    name="chat sessions",
    place=Place.ROWS,
    where=("chat_sessions",),
    filled_by="visitors",
    why="each request under a chat grant looks its chat session up, so that ending it holds at once",
    how_long="until an hour after they expired, ended or not. They expire 8 hours after they were opened, those of "
    "OpenAI's session API after 10 minutes at most",
    most="the rates of chat sessions, for 9 hours, or 71 minutes; one is half a kB, and what its app has said of its "
    "user, 4 KiB at most. None is opened when the database is a fifteenth larger than the budget `database-bytes`",
    lifetime=EXPIRED_IS_KEPT,
)
CANVAS_TICKETS = Kept(
    name="tickets of Canvas",
    place=Place.ROWS,
    where=("owner_sessions",),
    filled_by="owners who run `orcheo canvas`",
    why="as digests; a one-time address is taken once",
    how_long="a minute, unless it becomes an owner session",
    most="as many as owners ask for in a minute",
    lifetime=CANVAS_TICKET_LIFETIME,
)
OWNER_SESSIONS = Kept(
    name="owner sessions",
    place=Place.ROWS,
    where=("owner_sessions",),
    filled_by="owners who sign in to Canvas",
    why="as digests; each request of Canvas looks its owner session up, so that ending it holds at once",
    how_long="13 hours from their beginning, ended or not. They end after 12 hours at most",
    most="one for each sign-in of an owner in 13 hours; one is half a kB",
    lifetime=OWNER_SESSION_LIFETIME + timedelta(hours=1),
)
UNSENT_FILES = Kept(
    name="unsent attachments",
    place=Place.ROWS,
    where=("attachments", "attachments/atc_*"),
    filled_by="visitors",
    why="an attachment is announced and uploaded before the message that it belongs to is sent",
    how_long="a day after they were announced, with their bytes",
    most="the budgets `unsent-bytes` and `unsent-files`",
    lifetime=_DAY,
)
DELIVERIES = Kept(
    name="webhook messages",
    place=Place.ROWS,
    where=("webhook_deliveries",),
    filled_by="owners, and visitors whose turns fail",
    why="a receiver that is down gets them later",
    how_long="until they are delivered, two days at most, also after the webhook was taken out of the settings",
    most="10,000 messages",
    lifetime=2 * _DAY,
)
ENDED_LOGINS = Kept(
    name="ended logins",
    place=Place.ROWS,
    where=("spent_ids",),
    filled_by="visitors who sign out, identity providers",
    why="a copied cookie of a login that was signed out is refused, also after a restart",
    how_long="as long as a login can last: 8 hours. Afterwards one row keeps since when none was forgotten, so that a "
    "clock that is set back brings none of them back",
    most="100,000 in memory; older logins end when more would be needed",
    lifetime=LOGIN_LIFETIME,
)
LOGIN_ATTEMPTS = Kept(
    name="finished login attempts",
    place=Place.ROWS,
    where=("spent_ids",),
    filled_by="visitors who sign in",
    why="the way back from an identity provider counts once",
    how_long="as long as a login attempt can last: 10 minutes",
    most="100,000 in memory; older attempts end when more would be needed",
    lifetime=LOGIN_ATTEMPT_LIFETIME,
)
LOGOUT_NOTICES = Kept(
    name="logout notices",
    place=Place.ROWS,
    where=("spent_ids",),
    filled_by="identity providers",
    why="a provider's notice of a logout counts once",
    how_long="20 minutes, as long as it could be sent again",
    most="100,000 in memory",
    lifetime=LOGOUT_NOTICE_LIFETIME,
)
PROOFS_OF_WORK = Kept(
    name="proofs of work",
    place=Place.ROWS,
    where=("spent_ids",),
    filled_by="visitors, where work is asked for",
    why="a solution counts once",
    how_long="as long as a challenge can be solved: 5 minutes",
    most="100,000 in memory; older challenges end when more would be needed",
    lifetime=CHALLENGE_LIFETIME,
)
ENDED_IDENTITIES = Kept(
    name="ended identities",
    place=Place.ROWS,
    where=("spent_ids",),
    filled_by="visitors whom another site knows, when they log out",
    why="a signed identity that was ended by a logout opens no chat again, also after a restart",
    how_long="as long as an identity can last: 11 minutes with the difference of the clocks",
    most="100,000 in memory; older identities end when more would be needed",
    lifetime=IDENTITY_LIFETIME + IDENTITY_SKEW,
)
REFUSALS = Kept(
    name="counts of refusals",
    place=Place.ROWS,
    where=("refusals",),
    filled_by="visitors who are refused",
    why="the owner of a workflow sees how many visitors were refused on each day, and why",
    how_long=f"{USAGE_DAYS_MOST} days",
    most="one row for each workflow, day and code of an error",
    lifetime=timedelta(days=USAGE_DAYS_MOST),
)
ENDED_TURNS = Kept(
    name="frames of ended turns",
    place=Place.MEMORY,
    filled_by="visitors",
    why="a page that lost its connection at the end reads the rest of the answer",
    how_long="2 minutes after the end of the turn",
    most="1,000 turns, and 4 MiB; the oldest go first",
    lifetime=timedelta(minutes=2),
)

SPENT_IDS = {
    "ended-login": ENDED_LOGINS,
    "login-attempt": LOGIN_ATTEMPTS,
    "logout-notice": LOGOUT_NOTICES,
    "proof-of-work": PROOFS_OF_WORK,
    "ended-identity": ENDED_IDENTITIES,
}
"""What ids are used up for, as the table of them names it."""

KEPT: tuple[Kept, ...] = (
    Kept(
        name="workflows",
        place=Place.ROWS,
        where=("workflows",),
        filled_by="owners",
        why="what is published",
        how_long="until their owner removes them",
        most="as many as owners register",
    ),
    Kept(
        name="publish tokens",
        place=Place.ROWS,
        where=("publish_tokens",),
        filled_by="owners",
        why="as digests; holders of a former one learn that it was rotated or revoked, and when",
        how_long="as long as their workflow",
        most="one for each publishing or rotation",
    ),
    Kept(
        name="service tokens",
        place=Place.ROWS,
        where=("service_tokens",),
        filled_by="owners",
        why="as digests; holders of a former one learn when it ended",
        how_long="for good",
        most="as many as owners issue",
    ),
    CANVAS_TICKETS,
    OWNER_SESSIONS,
    CHAT_SESSIONS,
    Kept(
        name="threads",
        place=Place.ROWS,
        where=("threads", "items", "turns", "feedback"),
        filled_by="visitors",
        why="visitors continue them, owners read them as transcripts. A thread is stored with its first message, "
        "so there is none without one",
        how_long="until their visitor or the workflow's owner deletes them; with `ORCHEO_RETENTION_DAYS`, until "
        "nothing was said in them for so long",
        most="the budget `database-bytes`, with all other rows",
    ),
    Kept(
        name="idempotency keys",
        place=Place.ROWS,
        where=("turns",),
        filled_by="visitors",
        why="a request that is sent again begins no second turn",
        how_long=_WITH_ITS_THREAD,
        most="one for each turn, of 64 bytes; of a longer one its digest is kept",
    ),
    Kept(
        name="removals under way",
        place=Place.ROWS,
        where=("removals",),
        filled_by="owners and visitors who remove something large",
        why="what they name is hidden at once, and its rows are removed in slices between other changes",
        how_long="until their last row is removed: seconds to minutes, some minutes for each 100,000 rows",
        most="one for each workflow, thread or part of a thread that is removed",
    ),
    Kept(
        name="search index",
        place=Place.ROWS,
        where=("indexed_items", "item_texts", "item_texts_*"),
        filled_by="visitors",
        why="owners search their transcripts",
        how_long=_WITH_ITS_THREAD,
        most="three to four times the text of the items; the budget `database-bytes` counts it",
    ),
    Kept(
        name="room of conversations",
        place=Place.ROWS,
        where=("kept_text",),
        filled_by="visitors",
        why="no visitor and no workflow takes all of the room for conversations",
        how_long="as long as the visitor, or the workflow, has a thread",
        most="one row for each visitor of a workflow, and one for each workflow",
    ),
    Kept(
        name="sent attachments",
        place=Place.ROWS,
        where=("attachments", "attachments/atc_*"),
        filled_by="visitors",
        why="visitors and workflows open them again",
        how_long=_WITH_ITS_THREAD,
        most="the budgets kept-bytes, from when they are announced",
    ),
    UNSENT_FILES,
    Kept(
        name="uploads under way",
        place=Place.FILES,
        where=("attachments/*.part",),
        filled_by="visitors",
        why="the bytes that have arrived so far",
        how_long="until the upload ends, however it ends; after a crash until the next start",
        most="the announced size of each, and the time that a request may take",
    ),
    Kept(
        name="reserve",
        place=Place.FILES,
        where=("reserve",),
        filled_by="the server",
        why="on a full disk an owner can still close a chat, rotate or revoke a token and remove a workflow, and "
        "visitors can delete their threads",
        how_long="for good; taken up again when the disk has room",
        most="4 MiB",
    ),
    Kept(
        name="forms under way",
        place=Place.MEMORY,
        filled_by="visitors",
        why="a file that is sent in a form is read to its end before it is an attachment; more than a mebibyte of it "
        "lies in a file without a name in the system's folder for temporary files",
        how_long="until the request ends",
        most="the largest attachment for each open connection that sends one",
    ),
    ENDED_LOGINS,
    LOGIN_ATTEMPTS,
    LOGOUT_NOTICES,
    PROOFS_OF_WORK,
    ENDED_IDENTITIES,
    DELIVERIES,
    REFUSALS,
    Kept(
        name="audit",
        place=Place.ROWS,
        where=("audit", "audit_chain"),
        filled_by="owners; visitors who sign in or are refused",
        why="who did what; its hash chain would break with each entry that is removed",
        how_long="for good",
        most="one entry for each act and each sign-in, one a minute for each reason of refusals, and for each publish "
        "token whose app has cancelled chat sessions",
    ),
    Kept(
        name="database",
        place=Place.FILES,
        where=("orcheo.db", "orcheo.db-wal", "orcheo.db-shm", "orcheo.db-journal"),
        filled_by="everyone above",
        why="the file that holds all rows, and SQLite's log of the latest changes",
        how_long="for good; housekeeping gives the space of removed rows back to the disk, but for a mebibyte",
        most="the budget `database-bytes`, and what owners and running answers still add; some "
        "80 MiB of log. It is larger while a long read holds it, and when long answers end together: by twice what "
        "they have told at most, which `frame-bytes` bounds; its file is cut again afterwards",
    ),
    Kept(
        name="keys and lock",
        place=Place.FILES,
        where=("secrets.json", "owner-token", "orcheo.lock", ".secrets.json.new", ".owner-token.new", ".probe-*"),
        filled_by="the server",
        why="peppers and signing keys, the local owner token, and which process owns the folder",
        how_long="for good",
        most="a few kB",
    ),
    Kept(
        name="running turns",
        place=Place.MEMORY,
        filled_by="visitors",
        why="connections follow the frames of an answer while it is written",
        how_long="until the turn ends; what is still sent of it then, until it is read",
        most="the turns that may run at once, 64 MiB for each, and for all of them the budget `frame-bytes`",
    ),
    ENDED_TURNS,
    Kept(
        name="rates",
        place=Place.MEMORY,
        filled_by="visitors",
        why="the moments of the requests that count",
        how_long="as long as the window of the rate",
        most="100,000 addresses, visitors and workflows; those not seen for longest go first",
    ),
    Kept(
        name="counts for the audit",
        place=Place.MEMORY,
        filled_by="anyone who is refused, apps that cancel chat sessions",
        why="counted by reason, by identity provider, by publish token, and by workflow",
        how_long="a minute, then they are an entry of the audit, or counts of refusals",
        most="one number for each code of an error, also for each identity provider, each publish token and each "
        "workflow",
    ),
    Kept(
        name="events of pages",
        place=Place.MEMORY,
        filled_by="the pages of chats and Canvas, where `ORCHEO_TELEMETRY` is on",
        why="the operator sees how often chats are opened, how long first answers take, and what fails",
        how_long="until the server ends",
        most="one number for each place, event, code of an error and step of time",
    ),
    Kept(
        name="cached rows",
        place=Place.MEMORY,
        filled_by="visitors",
        why="workflows, tokens and chat sessions that are looked up with each request",
        how_long="until they change, and about a minute at most",
        most="a fixed number of rows; those not used for longest go first",
    ),
    Kept(
        name="log",
        place=Place.FILES,
        filled_by="the server",
        why="what happened, for the operator. The server writes it to standard error and keeps no file of its own",
        how_long="as what receives it says (journald, a container's log driver)",
        most="as what receives it says",
    ),
)
"""Everything, in the order in which it is shown."""
