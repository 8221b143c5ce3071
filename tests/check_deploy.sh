#!/usr/bin/env bash
# The checks of a deployment: production settings without a complaint, static files that can be collected,
# and a short run of the benchmark where there is one.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

echo "=== check --deploy under production settings"
python -m portal.keys >"$work/env"
cat >>"$work/env" <<ENV
DEBUG=0
VAR_DIR=$work/var
PUBLIC_URL=https://binhyen.example.vn
ALLOWED_HOSTS=binhyen.example.vn
DATABASE_URL=postgres://portal@127.0.0.1:5432/portal
CELERY_BROKER_URL=redis://127.0.0.1:6379/0
BEHIND_PROXY=1
ENV
ENV_FILE="$work/env" python manage.py check --deploy --fail-level WARNING

echo "=== docker compose"
if docker compose version >/dev/null 2>&1; then
    ENV_FILE="$work/env" docker compose -f deploy/docker-compose.yml config --quiet && echo "deploy/docker-compose.yml: ok"
else
    echo "not run: no docker compose on this machine"
fi

if [ -f bench/__main__.py ]; then
    echo "=== bench --quick"
    python -m bench --quick
fi
