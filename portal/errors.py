"""Errors that services raise and both doors (pages and API) turn into answers.

    PortalError
    +-- WrongStateError      the object is not in a state from which this can be done (409)
    |   +-- StaleVersionError  someone else changed it since the caller read it (409)
    +-- NotAllowedError      visible, but not this person's to do (403)

Bad values are Django's ``ValidationError``, keyed by field (400). What a user cannot see is never an error of
its own: it is not found (404).
"""

from django.utils.translation import gettext_lazy as _


class PortalError(Exception):
    """Base: ``message`` is a Vietnamese sentence for the person in front of the screen."""

    default = _("Chưa thực hiện được.")

    def __init__(self, message: str = ""):
        self.message = message or self.default
        super().__init__(str(self.message))


class WrongStateError(PortalError):
    """The conditional UPDATE met another state than it needs."""

    default = _("Việc này không còn làm được ở trạng thái hiện tại. Xin tải lại trang để xem mới nhất.")


class StaleVersionError(WrongStateError):
    """Optimistic locking: the caller acted on an old copy."""

    default = _("Người khác vừa thay đổi nội dung này. Xin tải lại trang, xem lại rồi làm tiếp.")


class NotAllowedError(PortalError):
    """Deny: the person sees the object but has no right to this act."""

    default = _("Tài khoản của anh/chị không có quyền làm việc này.")
