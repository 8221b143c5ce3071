"""Writing a post from what a form holds: pictures, the notice if it is one, then the draft."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from broadcasts.enums import BroadcastState
from broadcasts.models import Broadcast, Picture, Post
from broadcasts.pictures import store_picture
from broadcasts.services.editing import Content, content_of, create_broadcast, update_broadcast
from groups.models import Unit
from portal.desk.forms.broadcasts import ComposeForm, NoticeForm
from portal.text import clean

SAME_FORM = timedelta(minutes=10)


def save_post(
    author: Any, form: ComposeForm, *, unit: Unit, post: Post | None, earlier: Broadcast | None
) -> Broadcast:
    """A new draft, or ``earlier`` changed. Raises ``ValidationError`` by field, like the services."""
    upload, data = form.cleaned_data.get("picture"), form.cleaned_data
    kept = earlier.picture if earlier else (post.picture if post else None)
    picture = None if data.get("drop_picture") else kept
    if upload:
        picture = _picture(upload, field="picture", unit=unit, author=author)
    content = form.content(picture=picture)
    if earlier:
        return update_broadcast(earlier, actor=author, content=content)
    sent = _sent_before(author, content)
    return sent or create_broadcast(author, content=content, form_token=data.get("form_token"), post=post)


def _sent_before(author: Any, content: Content) -> Broadcast | None:
    """The draft that this very form made a moment ago.

    Pages of the desk are never kept by the browser, so Back fetches the form anew, with another token.
    """
    wanted = replace(content, title=clean(content.title), body=clean(content.body))
    rows = Broadcast.objects.filter(
        author=author, state=BroadcastState.DRAFT, created_at__gte=timezone.now() - SAME_FORM
    )
    latest = rows.select_related("picture", "notice").order_by("-pk")[:5]
    return next((row for row in latest if content_of(row) == wanted), None)


def save_notice(author: Any, form: NoticeForm, *, unit: Unit, earlier: Broadcast | None) -> Broadcast:
    """A notice with its post, both or neither. Raises ``ValidationError`` under the notice's own fields."""
    upload = form.cleaned_data.get("photo")
    notice = earlier.notice if earlier else None
    photo = notice.photo if notice else None
    if upload:
        photo = _picture(upload, field="photo", unit=unit, author=author)
    content = Content(kind=form.kind, notice=notice, **form.schedule)
    options = {"content": content, "notice_fields": form.values(photo=photo)}
    try:
        if earlier:
            return update_broadcast(earlier, actor=author, **options)
        return create_broadcast(author, form_token=form.cleaned_data.get("form_token"), **options)
    except ValidationError as error:
        # The service sums the notice's complaints up under one name; here each has a field of its own.
        raise error.__cause__ if isinstance(error.__cause__, ValidationError) else error from None


def _picture(upload: Any, *, field: str, unit: Unit, author: Any) -> Picture:
    try:
        return store_picture(upload, unit=unit, user=author)
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from None
