#!/usr/bin/env bash
# The checks of a deployment: production settings without a complaint, static files that can be collected,
# a compose file that can be read.
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
EMAIL_URL=smtp+tls://portal:secret@mail.example.vn:587
ENV
ENV_FILE="$work/env" python manage.py check --deploy --fail-level WARNING

echo "=== collectstatic"
# Into a folder of its own: the storage of production names every file by its content and follows every link.
ENV_FILE="$work/env" python - <<PYTHON
import os

import django
from django.core.management import call_command

from portal import settings

settings.STATIC_ROOT = "$work/static"
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()
call_command("collectstatic", interactive=False)
PYTHON

echo "=== docker compose"
if docker compose version >/dev/null 2>&1; then
    ENV_FILE="$work/env" docker compose -f deploy/docker-compose.yml config --quiet && echo "deploy/docker-compose.yml: ok"
else
    echo "not run: no docker compose on this machine"
fi
