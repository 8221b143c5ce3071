"""Connecting an official account by Zalo's OAuth: from the button to the stored pair.

``begin`` makes what the browser takes to Zalo, ``finish`` checks what it brings back. What must be remembered
in between (``Pending``) belongs into the session of the person who pressed the button: whoever arrives with
another session has no business here. A pair is stored only after the account behind it has proven to be the
expected one: when Zalo does not say whose it is, the pair is dropped and the account stays as it was.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urljoin

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from groups import permissions
from groups.enums import Role
from groups.models import OfficialAccount
from groups.services import call_budget
from groups.services.accounts import grant_again
from groups.services.clients import make_client
from groups.zalo import oauth
from groups.zalo.errors import ChannelStopped, OutcomeUnknown, ReauthorisationNeeded, Temporary, ZaloError
from groups.zalo.http import open_session
from groups.zalo.records import AccountProfile
from portal.audit.services import record
from portal.errors import NotAllowedError, PortalError

# Zalo's code lives as long.
PENDING_SECONDS = 10 * 60
# A person waits: two tries, with this pause.
SECOND_TRY_SECONDS = 1.0
CALLBACK_PATH = "/zalo/callback/"
WEBHOOK_PATH = "/zalo/webhook/"
VERIFIER_PATH = "/zalo_verifier%s.html"

PRESS_AGAIN = _("Quay lại trang kết nối và bấm «Kết nối với Zalo» lần nữa.")
# What to do about each code of the token endpoint; of any other one only the last row is known.
REMEDIES: dict[int, tuple[Any, ...]] = {
    -14002: (
        _("Mở developers.zalo.me, so mã ứng dụng (App ID) với mã đã nhập ở trang tài khoản."),
        _("Bật trạng thái «Đang hoạt động» của ứng dụng; ứng dụng chưa bật chỉ người tạo dùng được."),
        PRESS_AGAIN,
    ),
    -14003: (
        _("Mở developers.zalo.me, mục Official Account của ứng dụng, ô Callback URL."),
        _("Dán lại địa chỉ ở bước 3 của trang kết nối, đúng từng ký tự, kể cả dấu / ở cuối, rồi lưu."),
        PRESS_AGAIN,
    ),
    -14004: (
        _("Lấy lại khóa bí mật (Secret Key) ở trang Cài đặt của ứng dụng. Khóa webhook là khóa khác."),
        _("Nhập vào ô «Khóa ứng dụng» ở trang tài khoản, lưu lại."),
        PRESS_AGAIN,
    ),
}
USUAL_REMEDY = (
    _("Mã của mỗi lần cấp quyền chỉ dùng được một lần, trong 10 phút."),
    PRESS_AGAIN,
    _("Vẫn lỗi như vậy: gửi mã lỗi ở trên cho người quản trị ứng dụng Zalo."),
)


class ConnectError(PortalError):
    """The account was not connected: ``message`` says why, ``steps`` what to do, ``code`` what Zalo said."""

    default = _("Chưa kết nối được với Zalo.")

    def __init__(
        self, message: str = "", *, steps: tuple[Any, ...] = (PRESS_AGAIN,), code: int | None = None
    ):
        super().__init__(message)
        self.steps = steps
        self.code = code


@dataclass(frozen=True, slots=True)
class Pending:
    """What the session remembers while its owner is at Zalo."""

    account_id: int
    user_id: int
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    started_at: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the session."""
        return asdict(self)

    @property
    def is_late(self) -> bool:
        return not 0 <= time.time() - self.started_at <= PENDING_SECONDS


@dataclass(frozen=True, slots=True)
class Connected:
    """The account in service, and what Zalo says of it."""

    account: OfficialAccount
    profile: AccountProfile


def callback_url() -> str:
    """Where Zalo sends the browser back to; it must stand in Zalo's console exactly like this."""
    return urljoin(f"{settings.PUBLIC_URL}/", CALLBACK_PATH)


def webhook_url() -> str:
    """Where Zalo reports events."""
    return urljoin(f"{settings.PUBLIC_URL}/", WEBHOOK_PATH)


def verifier_urls() -> list[str]:
    """Where Zalo finds the proof that the host is ours, one for each app; empty when none was set up."""
    paths = [VERIFIER_PATH % code for code in settings.ZALO_VERIFIER_CODES]
    return [urljoin(f"{settings.PUBLIC_URL}/", path) for path in paths]


def fixed_challenge() -> str:
    """The challenge to enter in Zalo's console; empty when each connection makes its own."""
    return oauth.pkce_pair(settings.ZALO_CODE_VERIFIER).challenge if settings.ZALO_CODE_VERIFIER else ""


def begin(account: OfficialAccount, *, by: Any) -> tuple[Pending, str]:
    """A new attempt: what to remember, and the address at Zalo to go to.

    Raises ``NotAllowedError`` for anybody but an administrator of the unit, ``ConnectError`` when app id or
    app secret are missing.
    """
    _require_administrator(by, account)
    if not (account.app_id and account.app_secret):
        raise ConnectError(_now("Chưa nhập mã ứng dụng hoặc khóa ứng dụng."))
    pair = oauth.pkce_pair(settings.ZALO_CODE_VERIFIER or None)
    pending = Pending(account.pk, by.pk, secrets.token_urlsafe(32), pair.verifier, time.time())
    url = oauth.authorization_url(
        settings.ZALO_OAUTH_URL,
        app_id=account.app_id,
        redirect_uri=callback_url(),
        challenge=pair.challenge,
        state=pending.state,
    )
    return pending, url


def finish(pending: Pending | None, answer: Mapping[str, str], *, by: Any) -> Connected:
    """Take the browser's ``answer`` (``state``, ``oa_id``, ``code``) and put the account into service.

    The caller has removed ``pending`` from the session already: it serves once. Raises ``ConnectError`` with
    words for the person, ``NotAllowedError`` when they no longer administer the unit.
    """
    state = answer.get("state", "")
    if pending is None or pending.user_id != by.pk or not constant_time_compare(pending.state, state):
        raise ConnectError(_now("Yêu cầu này không bắt đầu từ phiên làm việc hiện tại, hoặc đã dùng rồi."))
    account = OfficialAccount.objects.select_related("unit").get(pk=pending.account_id)
    _require_administrator(by, account)
    try:
        _check_answer(pending, answer, account)
        pair, profile = async_to_sync(_ask_zalo)(account, answer["code"], pending.verifier)
    except ConnectError as error:
        data = {"code": error.code} if error.code else {}
        record(by, "groups.account.connect_failed", account, unit_path=account.unit.path, data=data)
        raise
    return Connected(grant_again(account, pair=pair, by=by), profile)


def _check_answer(pending: Pending, answer: Mapping[str, str], account: OfficialAccount) -> None:
    if pending.is_late:
        raise ConnectError(_now("Đã quá 10 phút từ lúc bấm nút, Zalo không nhận mã này nữa."))
    if not answer.get("code"):
        reason = _now("Zalo không cấp quyền: người quản trị OA đã từ chối hoặc đóng trang đồng ý.")
        raise ConnectError(reason, code=_code_of(answer))
    if answer.get("oa_id", "") != account.oa_id:
        raise _other_account(account, answer.get("oa_id", ""))


def _code_of(answer: Mapping[str, str]) -> int | None:
    given = answer.get("error_code") or answer.get("error") or ""
    return int(given) if re.fullmatch(r"-?\d{1,6}", given) else None


def _other_account(account: OfficialAccount, oa_id: str) -> ConnectError:
    reason = _now("Anh/chị vừa đồng ý cho OA %(other)s, còn tài khoản này là OA %(expected)s.") % {
        "other": oa_id[:40] or "?",
        "expected": account.oa_id,
    }
    steps = (
        _("Ở trang đồng ý của Zalo, chọn đúng OA của đơn vị."),
        _("Nếu mã OA nhập sai, hãy thêm một tài khoản mới với mã đúng."),
        PRESS_AGAIN,
    )
    return ConnectError(reason, steps=steps)


async def _ask_zalo(
    account: OfficialAccount, code: str, verifier: str
) -> tuple[oauth.TokenPair, AccountProfile]:
    async with open_session(concurrency=1) as session:
        pair = await _exchange(session, account, code, verifier)
        try:
            profile = await _profile(session, account, pair)
        except ZaloError as error:
            failure = _unproven(error)
        else:
            if profile.oa_id == account.oa_id:
                return pair, profile
            failure = _other_account(account, profile.oa_id)
    # Outside the except block: its error holds what was sent.
    raise failure


async def _profile(session: Any, account: OfficialAccount, pair: oauth.TokenPair) -> AccountProfile:
    """Whose pair it is. Asked at once, also in a minute that is full, in which it has a place when it can."""
    client = make_client(account.kind, session, _Fresh(pair))
    for pause in (SECOND_TRY_SECONDS, None):
        await sync_to_async(call_budget.take)(account.pk, is_urgent=True)
        try:
            profile = await client.get_oa()
            if profile.oa_id:
                return profile
            unread = Temporary(None, "success without an account")
        except Temporary as error:
            unread = error
        if pause is not None:
            await asyncio.sleep(pause)
    raise unread


def _unproven(error: ZaloError) -> ConnectError:
    reason = _now(
        "Zalo đã cấp quyền nhưng không cho đọc thông tin OA, nên chưa biết chắc đây là OA của đơn vị. "
        "Mã truy cập vừa nhận không được lưu."
    )
    if isinstance(error, Temporary):
        steps: tuple[Any, ...] = (_("Chờ vài phút cho Zalo trả lời lại."), PRESS_AGAIN)
    else:
        tick = _("Kiểm tra ứng dụng đã chọn quyền «Quản lý thông tin OA» (bước 2 của trang kết nối).")
        steps = (error.detail_vi, tick, PRESS_AGAIN)
    return ConnectError(reason, steps=steps, code=error.code)


async def _exchange(session: Any, account: OfficialAccount, code: str, verifier: str) -> oauth.TokenPair:
    try:
        return await oauth.exchange_code(
            session,
            settings.ZALO_OAUTH_URL,
            app_id=account.app_id,
            app_secret=account.app_secret,
            code=code,
            verifier=verifier,
        )
    except ReauthorisationNeeded as error:
        words = _now("Zalo không nhận mã của lần cấp quyền này.")
        failure = ConnectError(words, steps=REMEDIES.get(error.code or 0, USUAL_REMEDY), code=error.code)
    except ChannelStopped as error:
        steps = REMEDIES.get(error.code or 0, USUAL_REMEDY)
        failure = ConnectError(str(error.detail_vi), steps=steps, code=error.code)
    except OutcomeUnknown as error:
        words = _now("Câu trả lời của Zalo bị mất trên đường. Mã của lần cấp quyền này coi như đã dùng.")
        failure = ConnectError(words, code=error.code)
    except Temporary as error:
        words = _now("Máy chủ của cổng chưa kết nối được tới Zalo.")
        steps = (_("Chờ vài phút. Vẫn lỗi: kiểm tra đường mạng từ máy chủ ra Internet."), PRESS_AGAIN)
        failure = ConnectError(words, steps=steps, code=error.code)
    # Outside the except blocks: their errors hold what was sent.
    raise failure


class _Fresh:
    """A token source with the one pair that was just made."""

    def __init__(self, pair: oauth.TokenPair):
        self._pair = pair

    async def get(self) -> str:
        return self._pair.access_token

    async def renew(self, rejected_token: str) -> str:
        raise Temporary(None, "the new token is not accepted yet")


def _require_administrator(by: Any, account: OfficialAccount) -> None:
    if not permissions.holds(by, account.unit, Role.ADMINISTRATOR):
        raise NotAllowedError
