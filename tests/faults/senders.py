"""People with a tip in front of the real web process, and what became of it."""

from html import unescape
from typing import Any

from tests.faults.installation import Installation
from tests.faults.servers import Postgres
from tests.faults.visitors import HIDDEN, Visitor
from tests.tips import canary
from tests.waiting import wait_for

TIP = {"category": "GAY_ROI", "unit": "D6801", "action": "send", **canary.SENDER}
FILES = {"files": (canary.FILE, canary.photo(), "image/jpeg")}


class Sender(Visitor):
    """Somebody with a form in front of them, who may press the button more than once."""

    def open(self) -> dict[str, str]:
        """The form, filled in."""
        page = self.get("/gui-tin/").text
        return {name: unescape(value) for name, value in HIDDEN.findall(page)} | TIP

    def press(self, form: dict[str, str], **more: Any) -> Any:
        return self._timed("POST", "/gui-tin/", data=form, headers=canary.BROWSER, **more)


def start_web(installation: Installation, *, port: int = 0, **environment: str) -> Any:
    """The web process, once it answers; at a ``port`` of its own for a second machine."""
    port = port or installation.web_port
    environment["WEB_PORT"] = str(port)
    environment.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.production")
    process = installation.start("web", **environment)
    visitor = Visitor(port)
    wait_for(lambda: is_up(visitor), 60, what="the start of the web")
    return process


def is_up(visitor: Visitor) -> bool:
    """Whether the web process answers."""
    try:
        return visitor.get("/healthz").status_code == 200
    except OSError:
        return False


def counted(postgres: Postgres) -> tuple[int, ...]:
    """Rows of tips, files and contacts."""
    tables = ("tips_tip", "tips_evidence", "tips_contact")
    return tuple(postgres.execute(f"SELECT count(*) FROM {name}", "portal")[0][0] for name in tables)
