"""The page where an account's administrator lets an app in: shows who asks, approves or refuses.

Approval sends the browser back with ``code``, ``oa_id`` and ``state``; the code is good once, for ten
minutes.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from groups.zalo.simulator.pages import POLICY, render
from groups.zalo.simulator.records import Account
from groups.zalo.simulator.state import World

REDIRECT_WRONG, APP_WRONG, REFUSED = -14003, -14002, -14010
REASONS = {
    REDIRECT_WRONG: "Địa chỉ nhận kết quả không khớp với địa chỉ đã khai.",
    APP_WRONG: "Không có tài khoản nào khai ứng dụng này.",
    REFUSED: "Quản trị viên đã từ chối cấp quyền.",
}
PARAMETERS = ("app_id", "redirect_uri", "code_challenge", "state")


class Consent:
    """Handlers of ``/v4/oa/permission``."""

    def __init__(self, world: World):
        self.world = world

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/v4/oa/permission", self.ask),
            web.post("/v4/oa/permission", self.decide),
            web.get("/v4/permission/error", self.failed),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        """Show the request, or the platform's own error page; the portal hears nothing of that."""
        asked = {name: request.query.get(name, "") for name in PARAMETERS}
        accounts = self._accounts(asked)
        context = {"asked": asked, "accounts": accounts, "host": urlsplit(asked["redirect_uri"]).netloc}
        response = render(self.world, request, "zalo_simulator/permission.html", context)
        # Chromium applies form-action to the redirect that follows, so the portal must be named.
        target = urlsplit(asked["redirect_uri"])
        allowed = f"form-action 'self' {target.scheme}://{target.netloc}"
        response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", allowed)
        return response

    async def decide(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        asked = {name: form.get(name, "") for name in PARAMETERS}
        account = next((a for a in self._accounts(asked) if a.oa_id == form.get("oa_id")), None)
        if form.get("decision") != "approve" or account is None:
            raise _error(REFUSED)
        code = self.world.new_secret(24)
        self.world.codes[code] = {
            "oa_id": account.oa_id,
            "challenge": asked["code_challenge"],
            "at": self.world.clock.now(),
        }
        answer = urlencode({"code": code, "oa_id": account.oa_id, "state": asked["state"]})
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        raise web.HTTPSeeOther(f"{asked['redirect_uri']}{joint}{answer}")

    async def failed(self, request: web.Request) -> web.Response:
        code = request.query.get("error_code", "")
        reason = REASONS.get(int(code)) if code.lstrip("-").isdecimal() else None
        context = {"code": code, "reason": reason or "Yêu cầu không hợp lệ."}
        return render(self.world, request, "zalo_simulator/permission_error.html", context)

    def _accounts(self, asked: dict[str, Any]) -> list[Account]:
        """The accounts that may answer this request; redirects to the error page when there is none."""
        if urlsplit(asked["redirect_uri"]).scheme not in {"http", "https"}:
            raise _error(REDIRECT_WRONG)
        accounts = [
            account
            for account in self.world.accounts.values()
            if account.app_id == asked["app_id"] or (account.is_learnt and self.world.is_open)
        ]
        if not accounts and self.world.is_open and asked["app_id"]:
            oa_id = self.world.new_number()
            accounts = [self.world.register_account(oa_id, app_id=asked["app_id"])]
        if not accounts:
            raise _error(APP_WRONG)
        allowed = [a for a in accounts if a.callback_url in ("", asked["redirect_uri"])]
        if not allowed:
            raise _error(REDIRECT_WRONG)
        return allowed


def _error(code: int) -> web.HTTPException:
    return web.HTTPSeeOther(f"/v4/permission/error?error_code={code}")
