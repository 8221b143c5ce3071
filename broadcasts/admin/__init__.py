"""Sending in the Django admin, for district and province staff: look, approve, stop, settle.

Nothing is edited here but the library: every act goes through the same services as the dashboard.
"""

from broadcasts.admin.alarms import AlarmAdmin
from broadcasts.admin.broadcasts import BroadcastAdmin
from broadcasts.admin.deliveries import DeliveryAdmin
from broadcasts.admin.library import NoticeAdmin, PostAdmin
from broadcasts.admin.mailboxes import MailboxAdmin

__all__ = ["AlarmAdmin", "BroadcastAdmin", "DeliveryAdmin", "MailboxAdmin", "NoticeAdmin", "PostAdmin"]
