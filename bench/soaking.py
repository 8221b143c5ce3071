"""What a long run is watched by: memory, connections, dead rows, waiting tasks."""

from django.db import connection

from bench.processes import rss_mib
from bench.senders import Worker
from portal.celery import app

UNITS = {
    "worker_rss": "MiB",
    "beat_rss": "MiB",
    "queue": "tasks waiting",
    "connections": "open",
    "dead_rows": "dead rows in all tables",
}


def look(worker: Worker) -> dict[str, float]:
    """The state at this moment; the database's own figures only where it keeps them."""
    state = {name: rss_mib(child.process.pid) for name, child in worker.named_children()}
    with app.connection_for_read() as broker:
        queue = app.amqp.queues[app.conf.task_default_queue](broker.default_channel)
        state["queue"] = queue.queue_declare(passive=True).message_count
    if connection.vendor == "postgresql":
        state["connections"] = _number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        )
        state["dead_rows"] = _number("SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables")
    return state


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
