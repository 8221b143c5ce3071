#!/usr/bin/env bash
# All tests, in two parts: on SQLite alone, then on PostgreSQL and Redis where both answer.
# REQUIRE_SERVICES=1 makes their absence a failure. Arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
: "${TEST_DATABASE_URL:=postgres://postgres@127.0.0.1:5432/postgres}"
: "${TEST_REDIS_URL:=redis://127.0.0.1:6379/15}"
# Leave half of the machine to the processes the tests start; one worker less than cores, at least one.
workers="${TEST_WORKERS:-2}"

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
    pytest -n "$workers" -m "not services" "$@" || status=1

echo "=== Part 2: PostgreSQL and Redis"
if reason="$(have_services)"; then
    DATABASE_URL="$TEST_DATABASE_URL" CELERY_BROKER_URL="$TEST_REDIS_URL" \
        pytest -n "$workers" -m "services or not (process or browser)" "$@" || status=1
elif [ "${REQUIRE_SERVICES:-0}" = 1 ]; then
    echo "not available, but required: $reason"
    status=1
else
    echo "not run: $reason"
    echo "(set TEST_DATABASE_URL and TEST_REDIS_URL, or: apt install postgresql redis-server)"
fi
exit "$status"
