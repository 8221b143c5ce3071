"""One upload in, one clean file out: which kind it is, whether it is small enough, who cleans it."""

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from tips import limits
from tips.enums import EvidenceKind
from tips.evidence import images, recordings
from tips.evidence.errors import FileRefusedError


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


def recognise(file: Any) -> tuple[EvidenceKind, int]:
    """What an uploaded file says it is, by its first bytes, and its size in bytes.

    ``file`` is a Django upload or any seekable binary stream; it costs next to nothing. Raises
    FileRefusedError with a sentence for what is empty, too large or of no kind on the list.
    """
    size = _size(file)
    if size == 0:
        raise FileRefusedError(_("Tệp rỗng (0 byte). Xin chọn lại tệp."))
    if size > max(limits.max_bytes(kind) for kind in EvidenceKind):
        raise FileRefusedError(_size_sentence(EvidenceKind.VIDEO))
    kind = EvidenceKind.IMAGE if images.is_picture(file) else _container(file).kind
    if size > limits.max_bytes(kind):
        raise FileRefusedError(_size_sentence(kind))
    return kind, size


def check_beginning(head: bytes) -> None:
    """Look at the first bytes of a file whose rest is still on its way; what passes may still be broken.

    Raises FileRefusedError with a sentence for what is of no kind on the list.
    """
    if not images.is_announced(head):
        recordings.recognise(head)


def clean_upload(file: Any) -> CleanFile:
    """Recognise an uploaded file by its content and clean it. Raises FileRefusedError with a sentence."""
    kind, _size_in = recognise(file)
    if kind == EvidenceKind.IMAGE:
        data = images.clean_image(file)
        return CleanFile(kind, images.CONTENT_TYPE, io.BytesIO(data), len(data))
    container = _container(file)
    file.seek(0)
    made = recordings.clean_recording(file, container)
    return CleanFile(made.container.kind, made.container.content_type, made.file, _size(made.file))


def _container(file: Any) -> recordings.Container:
    file.seek(0)
    return recordings.recognise(file.read(recordings.HEAD_BYTES))


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
