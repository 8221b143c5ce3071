"""``manage.py sweep``: what the beat asks for every minute, done here and now."""

from django.core.management.base import BaseCommand
from django.utils import timezone


class Command(BaseCommand):
    help = "Start what is due and repair what is stuck. Safe at any time; also when worker and beat run."

    def add_arguments(self, parser):
        parser.add_argument("--send", action="store_true", help="also send what is due, in this process")

    def handle(self, *args, send, **options):
        from broadcasts.engine.drain import drain
        from broadcasts.services import sending, sweep

        now = timezone.now()
        started = sending.start_due(now)
        sweep.sweep(now)
        self.stdout.write(f"Đã bắt đầu {started} bài, đã rà soát các lượt gửi.")
        if send:
            self.stdout.write(f"Đã gọi Zalo {drain().calls} lần.")
