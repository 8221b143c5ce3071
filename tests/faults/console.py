"""``python -m tests.faults.console``: calls functions of ``tests.faults.inside`` for the test, one a line.

A process of the installation like any other, only that the test tells it what to do: JSON in, JSON out.
"""

import json
import sys
import traceback

import django


def main() -> None:
    django.setup()
    from django.db import close_old_connections, connection

    from tests.faults import inside

    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        close_old_connections()
        try:
            reply = {"answer": getattr(inside, request["name"])(**request["arguments"])}
        except Exception:
            reply = {"error": traceback.format_exc()}
            connection.close()
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
