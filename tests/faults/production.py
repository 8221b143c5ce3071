"""Settings of processes that print what production prints, and can be told to fail with what they were sent.

``FAIL_FILE`` names a file; while it exists, every request that carries a body ends in an error that quotes
all of it.
"""

import os
from pathlib import Path
from typing import Any

from django.http import HttpRequest

from portal.logging import configuration
from tests.faults.settings import *  # noqa: F403

DEBUG = False
LOGGING = configuration(debug=False)
MIDDLEWARE = [*MIDDLEWARE, "tests.faults.production.Breakdown"]  # noqa: F405
# The keys are those of development, the Zalo a simulator.
SILENCED_SYSTEM_CHECKS = [f"portal.E{number:03}" for number in range(1, 17)]


class Breakdown:
    """The last middleware: it fails where the view would begin."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if request.method == "POST" and Path(os.environ.get("FAIL_FILE", "/nonexistent")).exists():
            files = [(file.name, file.read()) for file in request.FILES.values()]
            raise RuntimeError(f"{request.POST} {files} {request.META}")
