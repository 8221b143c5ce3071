"""Celery: how tasks come and go, and what beat starts."""

from celery.schedules import crontab

from portal.settings.applications import TIME_ZONE
from portal.settings.installation import VAR_DIR

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Celery cannot stop a thread, so there is no time limit: every task ends by itself. A turn of sending takes
# 45 s and what its last calls need, the others work in batches of bounded size. An overrun is logged.
LONGEST_TASK_SECONDS = 180
# A crashed worker's message comes back after the visibility timeout, and so would that of a task that takes
# longer; the two intervals keep kombu from adding some 100 s of its own (celery/kombu#2558).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    # Publishing tries once: kombu's own default would hold a web request for six seconds.
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "portal.heartbeat", "schedule": 30.0},
    "start-due-broadcasts": {"task": "broadcasts.start_due_broadcasts", "schedule": 15.0},
    "sweep": {"task": "broadcasts.sweep", "schedule": 60.0},
    "process-zalo-events": {"task": "groups.process_events", "schedule": 15.0},
    "forget-zalo-events": {"task": "groups.forget_events", "schedule": 24 * 3600.0},
    "sync-groups": {"task": "groups.sync_groups", "schedule": crontab(minute="*/10", hour="1-4")},
    "renew-tokens": {"task": "groups.renew_tokens", "schedule": 15 * 60.0},
    "forget-past-logins": {"task": "accounts.forget_past_logins", "schedule": 24 * 3600.0},
    "sync-admin-access": {"task": "groups.sync_admin_access", "schedule": 3600.0},
    "raise-repeated-tips": {"task": "tips.raise_repeated", "schedule": 60.0},
    "mail-mentions": {"task": "tips.mail_mentions", "schedule": 60.0},
    "answer-zalo": {"task": "tips.answer_zalo", "schedule": 60.0},
    "fetch-zalo-files": {"task": "tips.fetch_zalo_files", "schedule": 60.0},
    "forget-zalo-threads": {"task": "tips.forget_zalo_threads", "schedule": 24 * 3600.0},
    "sweep-uploads": {"task": "tips.sweep_uploads", "schedule": 15 * 60.0},
    "work-on-evidence": {"task": "tips.work_on_evidence", "schedule": 60.0},
    "ring-alarms": {"task": "tips.ring_alarms", "schedule": 15.0},
    "sweep-tips": {"task": "tips.sweep", "schedule": 60.0},
    "erase-expired-tips": {"task": "tips.erase_expired", "schedule": 24 * 3600.0},
}
# A request must not wait for a broker that is away: the sweep finds what was not announced.
CELERY_TASK_PUBLISH_RETRY = False
