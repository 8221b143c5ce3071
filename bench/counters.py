"""What PostgreSQL had to do: commits, rows written, log bytes, between two moments."""

import time
from dataclasses import dataclass

from django.db import connection

# Statistics of a connection arrive when it ends, or with its next statement a second later.
ARRIVAL_SECONDS = 0.3
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
UPDATES = "SELECT coalesce(sum(n_tup_upd), 0)::bigint FROM pg_stat_user_tables"
INSERTS = "SELECT coalesce(sum(n_tup_ins), 0)::bigint FROM pg_stat_user_tables"
WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"


@dataclass(frozen=True)
class Work:
    """Counters of the whole database."""

    commits: int
    updates: int
    inserts: int
    wal_bytes: int

    def since(self, earlier: "Work") -> "Work":
        """What happened between ``earlier`` and this."""
        return Work(
            self.commits - earlier.commits,
            self.updates - earlier.updates,
            self.inserts - earlier.inserts,
            self.wal_bytes - earlier.wal_bytes,
        )


def read() -> Work | None:
    """The counters now; None on a database that keeps none."""
    if connection.vendor != "postgresql":
        return None
    time.sleep(ARRIVAL_SECONDS)
    return Work(*(_number(statement) for statement in (COMMITS, UPDATES, INSERTS, WAL)))


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(statement)
        return cursor.fetchone()[0]
