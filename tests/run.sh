#!/usr/bin/env bash
# All tests, in two parts: everything on SQLite; then, where PostgreSQL and Redis both answer, once more what
# touches the database, and what needs these servers. REQUIRE_SERVICES=1 makes their absence a failure.
# Arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
: "${TEST_DATABASE_URL:=postgres://postgres@127.0.0.1:5432/postgres}"
: "${TEST_REDIS_URL:=redis://127.0.0.1:6379/15}"
# Two at a time keep two cores busy, the processes that tests start included.
pytest=(pytest -q -n "${TEST_WORKERS:-2}" --dist worksteal --durations=10 --durations-min=3)

have_services() {
    python - "$TEST_DATABASE_URL" "$TEST_REDIS_URL" <<'PYTHON'
import sys

import psycopg
import redis

try:
    psycopg.connect(sys.argv[1], connect_timeout=3).close()
    redis.Redis.from_url(sys.argv[2], socket_timeout=3).ping()
except (psycopg.Error, redis.RedisError) as error:
    print(f"{type(error).__name__}: {error}".splitlines()[0])
    sys.exit(1)
PYTHON
}

status=0
echo "=== Part 1: SQLite"
env -u DATABASE_URL -u CELERY_BROKER_URL -u CACHE_URL \
    "${pytest[@]}" -m "not services" "$@" || status=1
echo "=== Part 1 took $SECONDS s"

SECONDS=0
echo "=== Part 2: PostgreSQL and Redis"
if reason="$(have_services)"; then
    DATABASE_URL="$TEST_DATABASE_URL" CELERY_BROKER_URL="$TEST_REDIS_URL" \
        "${pytest[@]}" -m "services or (database and not process and not browser)" "$@" || status=1
    echo "=== Part 2 took $SECONDS s"
elif [ "${REQUIRE_SERVICES:-0}" = 1 ]; then
    echo "not available, but required: $reason"
    status=1
else
    echo "not run: $reason"
    echo "(set TEST_DATABASE_URL and TEST_REDIS_URL, or: apt install postgresql redis-server)"
fi
exit "$status"
