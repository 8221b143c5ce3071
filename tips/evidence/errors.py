"""Why a file was refused, in a sentence for the sender; and that nobody could say.

FileRefusedError
+-- UnknownKindError   not a picture, a film or a recording of a kind we can clean
CleaningCutOffError    the machine did not get to an answer
"""

from django.utils.translation import gettext_lazy as _


class FileRefusedError(Exception):
    """The file cannot be taken; ``message`` says why and what to do."""

    default = _("Tệp bị lỗi, không đọc được. Xin chọn tệp khác.")

    def __init__(self, message: str = ""):
        self.message = message or self.default
        super().__init__(str(self.message))


class UnknownKindError(FileRefusedError):
    """The content is of no kind on the list."""

    default = _(
        "Chỉ nhận ảnh (JPG, PNG, WebP, HEIC), video (MP4, MOV, 3GP, WebM), ghi âm (MP3, M4A, AMR, OGG). "
        "Với giấy tờ hoặc tệp khác, xin chụp ảnh rồi gửi."
    )


class CleaningCutOffError(Exception):
    """The programme that cleans was ended at its limit or from outside: the file may be as good as any."""
