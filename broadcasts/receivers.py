"""Zalo's news that matters to sending: the copy of what our own account posted."""

from typing import Any

from django.dispatch import receiver

from broadcasts.services.echo import settle_by_echo
from groups.signals import News, zalo_event
from groups.zalo import events


@receiver(zalo_event, dispatch_uid="broadcasts.echo")
def settle_delivery(news: News, **kwargs: Any) -> None:
    """An echo proves that the post is in its group, whatever became of the answer to the call."""
    if news.account is None or not news.name.startswith(events.GROUP_ECHO):
        return
    message = events.message_of(news.body)
    text, message_id = message.get("text"), message.get("msg_id")
    if isinstance(text, str) and isinstance(message_id, str):
        settle_by_echo(
            oa_id=news.account.oa_id,
            zalo_group_id=events.id_in(news.body, "recipient"),
            text=text,
            message_id=events.as_id(message_id),
        )
