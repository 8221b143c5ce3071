"""What workers do for tips. Safe to lose, double or delay."""

from celery import shared_task
from django.utils import timezone

from broadcasts.hints import hint


@shared_task(name="tips.erase_expired")
def erase_expired() -> None:
    """Once a day: warn of what is due soon, erase what is due, and files that belong to nothing."""
    from tips.services import erasing, retention

    retention.warn()
    retention.run()
    erasing.remove_orphaned_files(timezone.now())


@shared_task(name="tips.work_on_evidence")
def work_on_evidence() -> None:
    """Every minute, and when a file came that was not cleaned at once: scan and clean what waits."""
    from tips.services import evidence_work

    if evidence_work.work_on_due() and evidence_work.is_any_due():
        # Its minute is over, the files are not: they need not wait for beat's next one.
        hint(work_on_evidence)


@shared_task(name="tips.raise_repeated")
def raise_repeated() -> None:
    """Every minute: what was told several times, or was true before, is more urgent."""
    from portal.clock import database_now
    from tips.services import raising

    raising.raise_repeated(database_now())


@shared_task(name="tips.mail_mentions")
def mail_mentions() -> None:
    """Every minute, and when a note names somebody: mail them."""
    from tips.services import attention

    attention.mail_due()


@shared_task(name="tips.sweep_uploads")
def sweep_uploads() -> None:
    """Every quarter of an hour: forget uploads that no form was sent with."""
    from tips.services import uploads

    uploads.sweep()


@shared_task(name="tips.sweep")
def sweep() -> None:
    """Every minute: tell those above of overdue tips and questions, start clocks, watch registers."""
    from tips.services import asking, breaches, escalation, timing

    timing.resume_unanswered()
    escalation.escalate_overdue()
    asking.mail_waiting()
    breaches.warn()


@shared_task(name="tips.answer_zalo")
def answer_zalo() -> None:
    """Every minute, and when a message came: send residents their receipts."""
    from tips.services import zalo_answers

    zalo_answers.answer_due()


@shared_task(name="tips.forget_zalo_threads")
def forget_zalo_threads() -> None:
    """Once a day: forget who wrote to which account."""
    from tips.services import zalo_answers

    zalo_answers.forget_old()


@shared_task(name="tips.fetch_zalo_files")
def fetch_zalo_files() -> None:
    """Every minute, and when a message came: fetch the files residents sent."""
    from tips.services import zalo_files

    zalo_files.fetch_due()


@shared_task(name="tips.ring_alarms")
def ring_alarms() -> None:
    """Every 15 s, and when a tip became urgent: call those on duty, then those above them."""
    from portal.clock import database_now
    from tips.services import ringing

    ringing.ring(database_now())
