"""Uploads that survive a lost connection: started, appended to piece by piece, then sent with the form.

A piece is encrypted when it arrives; nobody but the form page that started an upload can go on with it or
send it, since page and upload share the form's token. What no form was sent with is gone after a day.
"""

import datetime
import io
import secrets
import tempfile
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.clock import this_minute
from portal.errors import NotAllowedError, WrongStateError
from tips import limits, receipts
from tips.enums import EvidenceKind
from tips.evidence import FileRefusedError, check_beginning, read, store, unlink
from tips.evidence.intake import free_bytes
from tips.models import Upload, UploadPart

UNFINISHED_KEPT = datetime.timedelta(days=1)
ATTACHED_KEPT = datetime.timedelta(hours=1)
AT_ONCE = 200
IN_MEMORY = 2 * limits.MEGABYTE


class WrongOffsetError(WrongStateError):
    """The piece begins elsewhere than the last one ended; ``offset`` says where to go on."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(_("Phần tệp không nối tiếp phần trước."))


class ReceivedFile(tempfile.SpooledTemporaryFile):
    """A finished upload, put together again.

    ``attached`` is called once a tip has it, ``refused`` when none will.
    """

    upload: Upload

    @property
    def size(self) -> int:
        """In bytes, as of any upload."""
        return self.upload.size

    def attached(self) -> None:
        """Let the sweep take the pieces soon."""
        Upload.objects.filter(pk=self.upload.pk, attached_at=None).update(attached_at=this_minute())

    def refused(self) -> None:
        """Forget it, so that the form does not fail at it again."""
        remove(self.upload)


def start(form_token: str | None, *, kind: object, size: int) -> Upload:
    """Announce a file of ``size`` bytes for the form page with this token.

    Raises NotAllowedError for a token that is not ours, ValidationError (a sentence) when the file or all
    files of the page together would be too much.
    """
    form = _form(form_token)
    if form is None:
        raise NotAllowedError
    _check_size(kind, size)
    others = Upload.objects.filter(form=form, attached_at=None)
    if others.count() >= limits.max_files():
        raise ValidationError(_("Mỗi lần gửi tối đa %(limit)s tệp.") % {"limit": limits.max_files()})
    if (others.aggregate(total=Sum("size"))["total"] or 0) + size > limits.max_total_bytes():
        most = limits.max_total_bytes() // limits.MEGABYTE
        raise ValidationError(_("Tất cả tệp của một tin tối đa %(limit)s MB.") % {"limit": most})
    return Upload.objects.create(
        public_id=secrets.token_urlsafe(32), form=form, size=size, started_at=this_minute()
    )


def _check_size(kind: object, size: int) -> None:
    if size < 1:
        raise ValidationError(_("Tệp rỗng (0 byte). Xin chọn lại tệp."))
    most = limits.max_bytes(EvidenceKind(kind) if kind in EvidenceKind.values else EvidenceKind.VIDEO)
    if size > most:
        megabytes = most // limits.MEGABYTE
        raise ValidationError(_("Tệp tối đa %(limit)s MB. Xin chọn tệp nhỏ hơn.") % {"limit": megabytes})
    if free_bytes() < limits.min_free_bytes() + size:
        raise ValidationError(_("Hệ thống tạm thời chưa nhận được tệp. Xin bỏ tệp và gửi nội dung trước."))


def find(form_token: str | None, public_id: str) -> Upload | None:
    """The upload of that id, if the form page with this token started it."""
    form = _form(form_token)
    return Upload.objects.filter(form=form, public_id=public_id).first() if form else None


def append(upload: Upload, *, offset: int, data: bytes) -> int:
    """Add a piece; returns where the next one begins. The same piece twice is added once.

    Raises WrongOffsetError when it does not begin where the last one ended, ValidationError when it is longer
    than what is missing, or too short to be worth a row. A first piece of a file of no kind on the list ends
    the upload with a ValidationError, before the rest has travelled.
    """
    if offset != upload.offset:
        raise WrongOffsetError(upload.offset)
    end = offset + len(data)
    if end > upload.size or (len(data) < limits.UPLOAD_LEAST_BYTES and end != upload.size):
        raise ValidationError(_("Phần tệp có độ dài không hợp lệ."))
    if offset == 0:
        _check_beginning(upload, data)
    piece = store(io.BytesIO(data))
    try:
        with transaction.atomic():
            if not Upload.objects.filter(pk=upload.pk, offset=offset).update(offset=end):
                raise WrongOffsetError(
                    Upload.objects.filter(pk=upload.pk).values_list("offset", flat=True)[0]
                )
            UploadPart.objects.create(
                upload=upload, offset=offset, path=piece.path, data_key=piece.encoded_key
            )
    except BaseException:
        unlink([piece.path])
        raise
    upload.offset = end
    return end


def _check_beginning(upload: Upload, data: bytes) -> None:
    try:
        check_beginning(data)
    except FileRefusedError as error:
        remove(upload)
        raise ValidationError(error.message) from None


def remove(upload: Upload) -> None:
    """Forget an upload that its sender took back."""
    _delete(Upload.objects.filter(pk=upload.pk))


def drop(form_token: str | None, public_id: str) -> None:
    """Forget an upload by its id, if it is one of the form page with this token."""
    upload = find(form_token, public_id)
    if upload is not None:
        remove(upload)


def finished(form_token: str | None, public_ids: Sequence[str]) -> list[Upload]:
    """The complete ones of these uploads of a form page, in the order they were started."""
    form = _form(form_token)
    if form is None or not public_ids:
        return []
    rows = Upload.objects.filter(form=form, public_id__in=public_ids[: limits.max_files()]).order_by("pk")
    return [row for row in rows if row.is_complete]


def received(form_token: str | None, public_ids: Sequence[str]) -> list[ReceivedFile]:
    """The files behind uploads that came with a form, decrypted into memory or a file of ours.

    Raises ValidationError when one of them is not complete, or gone.
    """
    uploads = finished(form_token, public_ids)
    if len(uploads) != len(set(public_ids)):
        raise ValidationError(_("Có tệp chưa tải lên xong hoặc đã hết hạn giữ. Xin chọn lại tệp."))
    return [_put_together(upload) for upload in uploads]


def _put_together(upload: Upload) -> ReceivedFile:
    file = ReceivedFile(max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR)
    file.upload = upload
    for part in upload.parts.order_by("offset"):
        for chunk in read(part.path, part.data_key):
            file.write(chunk)
    file.seek(0)
    return file


def sweep(now: datetime.datetime | None = None) -> int:
    """Remove uploads that no form was sent with in a day, and those a tip has had for an hour."""
    now = now or timezone.now()
    old = Q(started_at__lt=now - UNFINISHED_KEPT) | Q(attached_at__lt=now - ATTACHED_KEPT)
    return _delete(Upload.objects.filter(pk__in=Upload.objects.filter(old).order_by("pk")[:AT_ONCE]))


def _delete(uploads: QuerySet[Upload]) -> int:
    with transaction.atomic():
        parts = UploadPart.objects.filter(upload__in=uploads)
        paths = list(parts.values_list("path", flat=True))
        count = uploads.count()
        uploads.delete()
        transaction.on_commit(lambda: unlink(paths))
    return count


def _form(form_token: str | None) -> str | None:
    """What an upload knows its page by; the digest leads to no tip, whose own is of another text."""
    token = receipts.read_form_token(form_token)
    return receipts.form_token_digest(f"upload|{token}") if token else None
