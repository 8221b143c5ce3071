"""Writing a broadcast and changing it while nobody has judged it yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcasts import codes, notice_text, permissions, recurrence, rendering
from broadcasts.enums import EDITABLE, NOTICE_KINDS, BroadcastState, PostKind, Urgency
from broadcasts.models import Broadcast, Notice, Picture, Post
from broadcasts.services.audience import check_audience, clean_rule
from broadcasts.services.notices import NoticeFields, create_notice, update_notice
from broadcasts.services.transitions import trace
from groups.models import Unit
from groups.permissions import WRITING_ROLES, has_role
from portal.errors import NotAllowedError, WrongStateError
from portal.text import clean

CONTENT_FIELDS = (
    "kind",
    "title",
    "body",
    "urgency",
    "audience",
    "picture",
    "notice",
    "send_at",
    "recurrence",
    "expires_at",
)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an officer fills in. With a notice, title and body are rendered from the notice's fields."""

    kind: str
    audience: dict[str, list]
    title: str = ""
    body: str = ""
    urgency: str = Urgency.ROUTINE
    picture: Picture | None = None
    notice: Notice | None = None
    send_at: datetime | None = None
    recurrence: str = ""
    expires_at: datetime | None = None


@transaction.atomic
def create_broadcast(
    author: Any,
    *,
    content: Content,
    notice_fields: NoticeFields | None = None,
    form_token: str | None = None,
    post: Post | None = None,
) -> Broadcast:
    """A new draft of ``author``. The same ``form_token`` twice gives the first one back.

    ``notice_fields`` makes a notice along with it. Raises ``ValidationError`` by field, ``NotAllowedError``
    for somebody who writes nowhere.
    """
    earlier = _by_token(author, form_token)
    if earlier is not None:
        return earlier
    fields = _checked(content, author=author, notice_fields=notice_fields)
    try:
        with transaction.atomic():
            broadcast = Broadcast.objects.create(
                code=codes.next_code(codes.BROADCAST),
                author=author,
                form_token=form_token or None,
                post=post,
                **fields,
            )
    except IntegrityError:
        # The other half of a double click committed between our look and our insert.
        earlier = _by_token(author, form_token)
        if earlier is None:
            raise
        return earlier
    trace(author, "broadcasts.broadcast.created", broadcast)
    return broadcast


@transaction.atomic
def update_broadcast(
    broadcast: Broadcast, *, actor: Any, content: Content, notice_fields: NoticeFields | None = None
) -> Broadcast:
    """Replace the content while it is a draft or was returned; a returned one becomes a draft again.

    ``notice_fields`` changes the notice it has, or makes one. Raises ``NotAllowedError`` for anybody but the
    author, ``WrongStateError`` once it was submitted.
    """
    if not permissions.can_edit(actor, broadcast):
        raise NotAllowedError
    if broadcast.state not in EDITABLE:
        raise WrongStateError
    fields = _checked(content, author=actor, notice_fields=notice_fields)
    changed = Broadcast.objects.filter(pk=broadcast.pk, state__in=EDITABLE).update(
        state=BroadcastState.DRAFT, version=F("version") + 1, **fields
    )
    if changed != 1:
        raise WrongStateError
    broadcast.refresh_from_db()
    trace(actor, "broadcasts.broadcast.changed", broadcast)
    return broadcast


def content_of(broadcast: Broadcast) -> Content:
    """The present content, to change parts of it with ``dataclasses.replace``."""
    return Content(**{name: getattr(broadcast, name) for name in CONTENT_FIELDS})


def check_content(content: Content) -> None:
    """Raise ``ValidationError`` for what cannot be sent, keyed by field."""
    if content.kind not in PostKind.values or content.kind == PostKind.CORRECTION:
        raise ValidationError({"kind": _("Loại bài không đúng.")})
    if content.urgency not in Urgency.values:
        raise ValidationError({"urgency": _("Mức khẩn không đúng.")})
    missing = {name: _("Xin nhập mục này.") for name in ("title", "body") if not getattr(content, name)}
    if missing:
        raise ValidationError(missing)
    if len(content.title) > Broadcast._meta.get_field("title").max_length:
        raise ValidationError({"title": _("Tiêu đề không quá 150 ký tự.")})
    rendering.check_length(content.title, content.body)
    _check_notice(content)
    _check_times(content)


def _checked(content: Content, *, author: Any, notice_fields: NoticeFields | None) -> dict[str, Any]:
    """The values to store, the unit among them."""
    if not has_role(author, *WRITING_ROLES):
        raise NotAllowedError
    fields = {name: getattr(content, name) for name in CONTENT_FIELDS}
    fields["audience"] = clean_rule(content.audience)
    unit = check_audience(fields["audience"], author=author)
    if notice_fields is not None:
        fields["notice"] = _notice(content, notice_fields, author=author, unit=unit)
    if fields["notice"] is not None:
        fields["title"], fields["body"] = notice_text.render(fields["notice"])
        fields["picture"] = fields["notice"].photo or content.picture
    fields["title"], fields["body"] = clean(fields["title"] or ""), clean(fields["body"] or "")
    check_content(Content(**fields))
    if fields["notice"] is not None and not fields["notice"].unit.is_at_or_under(unit):
        raise ValidationError({"notice": _("Thông báo không thuộc đơn vị này.")})
    return fields | {"unit": unit}


def _notice(content: Content, notice_fields: NoticeFields, *, author: Any, unit: Unit) -> Notice:
    """The draft notice behind the post, made or changed. Its errors name ``notice``'s own fields."""
    present = content.notice
    try:
        if present is not None and present.kind == content.kind and present.unit_id == unit.pk:
            return update_notice(present, actor=author, fields=notice_fields)
        return create_notice(author, kind=content.kind, unit=unit, fields=notice_fields)
    except ValidationError as error:
        details = [f"{name}: {' '.join(found)}" for name, found in error.message_dict.items()]
        raise ValidationError({"notice": details}) from error


def _check_notice(content: Content) -> None:
    if content.notice is not None and content.notice.kind != content.kind:
        raise ValidationError({"notice": _("Thông báo không cùng loại với bài.")})
    if content.kind == PostKind.WANTED and content.notice is None:
        message = _("Bài truy nã phải lập từ thông báo đủ số, ngày, cơ quan ra quyết định truy nã.")
        raise ValidationError({"notice": message})
    if content.kind == PostKind.SUSPECT and content.notice is None:
        message = _("Bài truy tìm người liên quan phải lập từ thông báo.")
        raise ValidationError({"notice": message})
    if content.kind == PostKind.SUSPECT and content.picture is not None:
        if not content.notice.decision_number:
            message = _("Không đăng ảnh người chưa có quyết định của cơ quan điều tra.")
            raise ValidationError({"media": message})
    if content.notice is not None and content.kind not in NOTICE_KINDS:
        raise ValidationError({"notice": _("Loại bài này không lập từ thông báo.")})


def _check_times(content: Content) -> None:
    recurrence.check_rule(content.recurrence, content.send_at)
    if content.expires_at is None:
        return
    if content.expires_at <= (content.send_at or timezone.now()):
        raise ValidationError({"expires_at": _("Giờ hết giá trị phải sau giờ gửi.")})


def _by_token(author: Any, form_token: str | None) -> Broadcast | None:
    if not form_token:
        return None
    found = Broadcast.objects.filter(form_token=form_token).first()
    if found is not None and found.author_id != author.pk:
        raise ValidationError(_("Mẫu này đã được gửi từ một tài khoản khác."))
    return found
