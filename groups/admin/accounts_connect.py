"""The pages on which an administrator connects an official account to Zalo.

The way to Zalo is a link, not a form: Zalo answers the first address with redirects to hosts of its own, and
a browser applies ``form-action`` of our content policy to every one of them. Opening the link changes nothing
but the session, so it may be a GET.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from groups.enums import AccountState
from groups.models import OfficialAccount
from groups.services import connecting, sync
from groups.zalo.events import TO_TICK
from portal.errors import NotAllowedError

SESSION_KEY = "zalo_connect"
# A renewal that is this late means that the job does not run, or that Zalo cannot be reached.
LATE_SECONDS = 3600
MOST_WARNINGS = 20
BADGES = {"late": "overdue", "soon": "waiting"}


class ConnectPages:
    """For the admin of accounts: the page of one connection, and the link that leads to Zalo."""

    def get_urls(self):
        own = [
            path("<int:pk>/ket-noi/", self._view(self.connect_view), name="groups_officialaccount_connect"),
            path(
                "<int:pk>/ket-noi/zalo/",
                self._view(self.to_zalo_view),
                name="groups_officialaccount_to_zalo",
            ),
        ]
        return own + super().get_urls()

    def _view(self, view: Any) -> Any:
        return self.admin_site.admin_view(require_safe(view))

    def connect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to prepare, the button, and how the connection does."""
        account = self._account(request, pk)
        context = {
            **_frame(request, account),
            "may_connect": self.has_change_permission(request, account),
            "is_ready": bool(account.app_id and account.app_secret),
            "has_oa_secret": bool(account.oa_secret),
            "callback_url": connecting.callback_url(),
            "webhook_url": connecting.webhook_url(),
            "challenge": connecting.fixed_challenge(),
            "events": [", ".join(names) for names in TO_TICK],
            "verifier_urls": connecting.verifier_urls(),
            "chain": chain_words(account),
            "sync_words": sync.result_words(account),
            "found": account.found_groups.count(),
            "expiring": _expiring(account),
        }
        return render(request, "admin/groups/officialaccount/connect.html", context)

    def to_zalo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remember a fresh attempt in the session and go to Zalo; an earlier attempt is void."""
        account = self._account(request, pk)
        try:
            pending, url = connecting.begin(account, by=request.user)
        except NotAllowedError as error:
            raise PermissionDenied(error.message) from None
        except connecting.ConnectError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(connect_page(account))
        request.session[SESSION_KEY] = pending.as_dict()
        return HttpResponseRedirect(url)

    def _account(self, request: HttpRequest, pk: int) -> OfficialAccount:
        account = self.get_object(request, str(pk))
        if not self.has_view_or_change_permission(request, account) or account.is_bot:
            raise Http404
        return account


@require_safe
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """``/zalo/callback/``: what the browser brings from Zalo. Ends on the account's page, or says why not."""
    if not request.user.is_authenticated:
        reason = _("Phiên làm việc đã hết trong lúc anh/chị ở trang Zalo.")
        error = connecting.ConnectError(
            reason, steps=(_("Đăng nhập lại vào trang quản trị."), connecting.PRESS_AGAIN)
        )
        return _not_connected(request, error, account=None, status=403)
    pending = _take_pending(request)
    account = _account_of(pending)
    try:
        connected = connecting.finish(pending, request.GET.dict(), by=request.user)
    except NotAllowedError as error:
        raise PermissionDenied(error.message) from None
    except connecting.ConnectError as error:
        return _not_connected(request, error, account=account, status=400)
    _say(request, connected)
    return HttpResponseRedirect(connect_page(connected.account))


def _take_pending(request: HttpRequest) -> connecting.Pending | None:
    """The attempt of this session, removed from it at once: also when what follows fails."""
    stored = request.session.pop(SESSION_KEY, None)
    request.session.save()
    return connecting.Pending(**stored) if stored else None


def _account_of(pending: connecting.Pending | None) -> OfficialAccount | None:
    return OfficialAccount.objects.filter(pk=pending.account_id).first() if pending else None


def _not_connected(
    request: HttpRequest,
    error: connecting.ConnectError,
    *,
    account: OfficialAccount | None,
    status: int,
) -> HttpResponse:
    context = {**_frame(request, account), "title": _("Chưa kết nối được"), "error": error}
    return render(request, "admin/groups/officialaccount/not_connected.html", context, status=status)


def _say(request: HttpRequest, connected: connecting.Connected) -> None:
    account, profile = connected.account, connected.profile
    messages.success(request, _("Đã kết nối %s. Cổng tự làm mới mã truy cập từ nay.") % account)
    if profile.is_state_agency:
        words = _(
            "OA này là loại «Cơ quan nhà nước»: Zalo có thể không cho dùng nhóm OA hoặc nhắn riêng. "
            "Gửi thử một bài trước; nếu Zalo từ chối, chuyển các nhóm sang cách «có người đăng»."
        )
        messages.warning(request, words)


def _frame(request: HttpRequest, account: OfficialAccount | None) -> dict[str, Any]:
    """What every page of the admin needs, and the account it is about."""
    return {
        **admin.site.each_context(request),
        "title": _("Kết nối với Zalo"),
        "opts": OfficialAccount._meta,
        "account": account,
        "zalo_host": settings.ZALO_OAUTH_URL.split("//")[-1],
    }


def _expiring(account: OfficialAccount) -> list[tuple[Any, tuple[str, str]]]:
    """The account's groups whose slot ends soon, each with its warning; the badge is that of late work."""
    groups = sync.expiring_groups(timezone.now()).filter(official_account=account)[:MOST_WARNINGS]
    warnings = [(group, sync.slot_warning(group)) for group in groups]
    return [(group, (BADGES.get(level, level), words)) for group, (level, words) in warnings]


def connect_page(account: OfficialAccount) -> str:
    """Address of the account's connection page."""
    return reverse("admin:groups_officialaccount_connect", args=[account.pk])


def chain_words(account: OfficialAccount) -> tuple[str, str, str]:
    """How the chain of renewals does: a badge (``active``, ``waiting``, ``refused``), a word, a sentence."""
    now, renew_at = timezone.now(), account.renew_at
    if account.state == AccountState.NEEDS_GRANT or renew_at is None:
        return "refused", _("Đứt"), _("Cần người quản trị OA cấp quyền.")
    if account.state == AccountState.STOPPED:
        return "refused", _("Dừng"), _("Không làm mới cho đến khi xử lý xong lỗi gần nhất.")
    if (now - renew_at).total_seconds() > LATE_SECONDS:
        words = _("Lẽ ra đã làm mới lúc %(at)s. Kiểm tra worker, beat và đường mạng ra Zalo.")
        return "waiting", _("Chậm"), words % {"at": _moment(renew_at)}
    words = _("Tự làm mới sau %(at)s. Không làm mới được thì quyền hết vào %(end)s.")
    return "active", _("Tốt"), words % {"at": _moment(renew_at), "end": _moment(account.grant_ends_at)}


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%H:%M %d/%m/%Y}"
