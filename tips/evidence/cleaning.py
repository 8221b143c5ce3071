"""One upload in, one clean file out: which kind it is, whether it is small enough, who cleans it."""

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from tips import limits
from tips.enums import EvidenceKind
from tips.evidence import images, recordings
from tips.evidence.errors import FileRefusedError

HEAD_BYTES = 16


@dataclass(frozen=True)
class CleanFile:
    """A file we wrote ourselves, ready to be encrypted. ``size`` in bytes."""

    kind: EvidenceKind
    content_type: str
    stream: BinaryIO
    size: int

    def close(self) -> None:
        """Drop the plaintext."""
        self.stream.close()


def clean_upload(file: Any) -> CleanFile:
    """Recognise an uploaded file by its content and clean it.

    ``file`` is a Django upload or any seekable binary stream. Raises FileRefusedError with a sentence.
    """
    size = _size(file)
    if size == 0:
        raise FileRefusedError(_("Tệp rỗng (0 byte). Xin chọn lại tệp."))
    if size > max(limits.max_bytes(kind) for kind in EvidenceKind):
        raise FileRefusedError(_size_sentence(EvidenceKind.VIDEO))
    if images.is_picture(file):
        _check_size(size, EvidenceKind.IMAGE)
        data = images.clean_image(file)
        return CleanFile(EvidenceKind.IMAGE, images.CONTENT_TYPE, io.BytesIO(data), len(data))
    file.seek(0)
    container = recordings.recognise(file.read(HEAD_BYTES))
    _check_size(size, container.kind)
    file.seek(0)
    made = recordings.clean_recording(file, container)
    return CleanFile(made.container.kind, made.container.content_type, made.file, _size(made.file))


def _check_size(size: int, kind: EvidenceKind) -> None:
    if size > limits.max_bytes(kind):
        raise FileRefusedError(_size_sentence(kind))


def _size_sentence(kind: EvidenceKind) -> str:
    megabytes = limits.max_bytes(kind) // limits.MEGABYTE
    return _("%(kind)s tối đa %(limit)s MB. Xin chọn tệp nhỏ hơn.") % {
        "kind": EvidenceKind(kind).label,
        "limit": megabytes,
    }


def _size(file: Any) -> int:
    position = file.tell()
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(position)
    return size
