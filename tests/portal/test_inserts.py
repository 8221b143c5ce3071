"""A row and what hangs on it: written together, and together or not at all."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.audit.models import AuditEntry
from portal.audit.services import entry
from portal.inserts import insert_with, is_one_statement, key_of
from tests.factories import make_area
from tips import receipts
from tips.models import Contact, Tip, TipEvent, TipTerm
from tips.services.intake import TipDraft, submit_tip


def new_tip(area, **fields) -> Tip:
    values = {
        "public_id": receipts.new_public_id(),
        "receipt_digest": receipts.new_receipt(),
        "category": "GAY_ROI",
        "priority": 3,
        "unit": area.commune_a,
        "handler": area.commune_a,
        "text": "100 % hát loa kéo, %s",
        "received_at": timezone.now(),
    }
    return Tip(**values | fields)


def insert(tip: Tip, *others, terms=(1, -(2**63), 2**63 - 1)) -> None:
    insert_with(tip, others, also=lambda key: TipTerm.objects.statements(key, terms))


def test_row_and_others_are_as_saved_one_by_one(area):
    tip = new_tip(area)
    contact = Contact(tip_id=key_of(tip), sealed=b"\x00'\\%s")
    insert(tip, contact, entry(None, "tips.tip.received", tip))
    stored = Tip.objects.get()
    assert stored == tip and not tip._state.adding
    assert (stored.text, stored.status, stored.deadline) == ("100 % hát loa kéo, %s", "new", None)
    assert contact.tip_id == tip.pk and bytes(tip.contact.sealed) == b"\x00'\\%s"
    assert AuditEntry.objects.get().target_id == str(tip.pk)
    assert set(tip.terms.values_list("term", flat=True)) == {1, -(2**63), 2**63 - 1}


def test_row_without_terms_needs_none(area):
    tip = new_tip(area)
    insert(tip, terms=())
    assert Tip.objects.get() == tip and not TipTerm.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_refused_row_leaves_nothing_of_the_others(area):
    first, second = new_tip(area), new_tip(area)
    insert(first)
    second.public_id = first.public_id
    with pytest.raises(IntegrityError):
        insert(
            second, TipEvent(tip_id=key_of(second), kind="received"), entry(None, "tips.tip.received", second)
        )
    assert (Tip.objects.count(), TipEvent.objects.count(), AuditEntry.objects.count()) == (1, 0, 0)
    assert TipTerm.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_refused_other_row_leaves_nothing_of_the_row(area):
    tip = new_tip(area)
    with pytest.raises(DatabaseError):
        insert(tip, TipEvent(tip_id=key_of(tip), kind="received"), TipEvent(tip_id=key_of(tip), kind=None))
    assert not Tip.objects.exists() and not TipTerm.objects.exists()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_plain_tip_is_one_statement():
    area = make_area()

    def send(**fields) -> None:
        submit_tip(
            TipDraft(category="GAY_ROI", text="Hát loa kéo tới một giờ sáng.", unit=area.commune_a, **fields)
        )

    assert connection.vendor == "postgresql" and is_one_statement()
    send(contact_name="Trần Thị Hoa", form_token=receipts.new_form_token())
    with CaptureQueriesContext(connection) as queries:
        send(contact_name="Trần Thị Hoa", form_token=receipts.new_form_token())
    writing = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    assert len(writing) == 1 and writing[0].startswith("WITH ")
    with transaction.atomic():
        assert not is_one_statement()


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_statement_of_a_row_is_parsed_once_for_a_connection():
    area = make_area()
    # What an earlier test left on the connection.
    connection.close()
    for _number in range(3):
        insert(new_tip(area))
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        ((statement, times),) = cursor.fetchall()
    assert (statement.split()[:2], times) == (["WITH", "new_row"], 3)
