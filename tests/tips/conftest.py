"""Fixtures of the tips tests."""

import pytest

from portal.crypto.digests import forget_keys
from tips.models import Tip
from tips.services import handling
from tips.services.intake import TipDraft, submit_tip


@pytest.fixture(autouse=True)
def _own_digest_keys() -> None:
    """A key remembered from a test whose rows are gone would save the next one a query."""
    forget_keys()


@pytest.fixture
def draft(area):
    """Build a draft about commune A; any field can be given."""

    def build(**fields) -> TipDraft:
        values = {
            "category": "GAY_ROI",
            "text": "Quán karaoke hát loa kéo đến một giờ sáng cả tuần nay.",
            "unit": area.commune_a,
        }
        return TipDraft(**{**values, **fields})

    return build


@pytest.fixture
def submit(draft):
    """Submit a tip about commune A and return it."""

    def send(**fields):
        return submit_tip(draft(**fields)).tip

    return send


@pytest.fixture
def taken(submit, chief):
    """Submit a tip about commune A that its chief accepts."""

    def take(**fields) -> Tip:
        tip = submit(**fields)
        return handling.accept(tip, actor=chief, version=tip.version)

    return take
