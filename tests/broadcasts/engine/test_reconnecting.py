"""A connection that PostgreSQL ended is replaced by one like it."""

import asyncio

import psycopg
import pytest
from django.db import connection

from broadcasts.engine.database import DatabaseThread

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _needs_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is no server")


def ask() -> tuple[int, str]:
    """The server process behind the connection, and whether it may read whole tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('enable_seqscan')")
        return cursor.fetchone()


@pytest.mark.parametrize("is_beside", [False, True])
def test_connection_made_anew_reads_by_key_as_the_first_did(is_beside):
    async def ask_twice() -> list[tuple[int, str]]:
        async with DatabaseThread() as first, first.beside() as second:
            thread = second if is_beside else first
            answers = [await thread.run(ask)]
            with psycopg.connect(**connection.get_connection_params()) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [answers[0][0]])
            return [*answers, await thread.run(ask)]

    (before, seqscan), (after, seqscan_again) = asyncio.run(ask_twice())

    assert before != after
    assert (seqscan, seqscan_again) == ("off", "off")
