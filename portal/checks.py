"""System checks: every combination of settings that makes no sense has an id, a sentence and a remedy.

Errors (E) stop every command; warnings (W) show with ``check --deploy``. The checks read Django's settings
only, so they see what the portal will really do, wherever a value came from. E018 and W010 alone ask the
database, with ``prepare``, ``migrate`` and ``check --database default``.

E001 any host        E002 development secret   E003 development keys     E004 simulator in production
E005 no https        E006 throttles off        E007 visibility timeout   E008 evidence among static files
E009 private cache   E010 cache is the broker  E011 unsafe CSP           E012 own host refused
E013 bad network      E014 broker is no Redis  E015 bad PKCE verifier  E016 odd domain code
W001 no second factor  W002 embedded broker     W003 SQLite, many machines  W004 connection per request
W005 DEBUG in public   W006 no proxy            W007 long sessions       W008 no mail
E017 push keys do not fit   W009 no web push
E018 commits may be lost     W010 no holidays
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.urls import reverse
from django.utils import timezone

from groups.models import Holiday
from groups.services import holidays
from portal.keys import public_push_key

LOOPBACK = {"127.0.0.1", "localhost", "::1", ""}
PRIVATE_CACHES = ("locmem.LocMemCache", "dummy.DummyCache")
DUMMY_MAIL = "django.core.mail.backends.dummy.EmailBackend"
LONGEST_SESSION_SECONDS = 12 * 3600

Messages = Iterator[CheckMessage]


def check_hosts() -> Messages:
    """Production answers to its own names only."""
    if settings.DEBUG:
        return
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if "*" in settings.ALLOWED_HOSTS:
        hint = f"Đặt ALLOWED_HOSTS={host}"
        yield Error("ALLOWED_HOSTS nhận mọi tên máy khi DEBUG tắt.", hint=hint, id="portal.E001")
    elif not any(
        host == name or (name.startswith(".") and host.endswith(name)) for name in settings.ALLOWED_HOSTS
    ):
        message = "ALLOWED_HOSTS không có tên máy của PUBLIC_URL: mọi yêu cầu sẽ bị từ chối."
        yield Error(message, hint=f"Thêm {host} vào ALLOWED_HOSTS.", id="portal.E012")


def check_secrets() -> Messages:
    """The keys in the repository are for development."""
    if settings.DEBUG:
        return
    if settings.SECRET_KEY == settings.INSECURE_SECRET_KEY:
        yield Error("SECRET_KEY là khóa mẫu của bản phát triển.", hint=_KEY_HINT, id="portal.E002")
    if settings.DEVELOPMENT_FIELD_KEY in settings.FIELD_KEYS:
        yield Error("FIELD_KEYS chứa khóa mẫu của bản phát triển.", hint=_KEY_HINT, id="portal.E003")


def check_zalo() -> Messages:
    """Production talks to Zalo, never to the simulator, and never in clear."""
    if settings.DEBUG:
        return
    for name in ("ZALO_API_URL", "ZALO_OAUTH_URL", "ZALO_BOT_URL"):
        url = urlsplit(getattr(settings, name))
        if url.scheme != "https" or url.hostname in LOOPBACK:
            hint = f"Bỏ {name} khỏi môi trường để dùng địa chỉ thật."
            yield Error(f"{name} trỏ tới máy mô phỏng hoặc không dùng https.", hint=hint, id="portal.E004")


def check_code_verifier() -> Messages:
    """A fixed PKCE verifier has the form that RFC 7636 asks for."""
    verifier = settings.ZALO_CODE_VERIFIER
    if verifier and not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
        message = "ZALO_CODE_VERIFIER cần 43 đến 128 ký tự chữ không dấu, số hoặc - . _ ~"
        yield Error(message, hint="Bỏ trống để mỗi lần kết nối tự tạo một mã.", id="portal.E015")


def check_verifier_codes() -> Messages:
    """The codes by which apps prove their domain can stand in an address."""
    wrong = [code for code in settings.ZALO_VERIFIER_CODES if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code)]
    if wrong:
        hint = "Tên tệp của Zalo là zalo_verifierMÃ.html: chỉ đặt phần MÃ, cách nhau bằng dấu phẩy."
        yield Error(f"ZALO_VERIFIER_CODES có mã lạ: {', '.join(wrong)}", hint=hint, id="portal.E016")


def check_public_url() -> Messages:
    """Residents reach production by https; a development server stays on its own machine."""
    url = urlsplit(settings.PUBLIC_URL)
    if not settings.DEBUG and url.scheme != "https":
        hint = "Đặt PUBLIC_URL=https://tên-miền"
        yield Error("PUBLIC_URL không bắt đầu bằng https:// khi DEBUG tắt.", hint=hint, id="portal.E005")
    if settings.DEBUG and url.hostname not in LOOPBACK and url.scheme == "https":
        hint = "Đặt DEBUG=0 và các khóa thật."
        yield Warning("DEBUG bật trên một địa chỉ công khai.", hint=hint, id="portal.W005")
    if not settings.DEBUG and settings.SECURE_SSL_REDIRECT and not settings.BEHIND_PROXY:
        message = (
            "SECURE_SSL_REDIRECT bật mà BEHIND_PROXY tắt: sau máy chủ proxy, trang sẽ tự chuyển hướng mãi."
        )
        yield Warning(message, hint="Đặt BEHIND_PROXY=1 khi chạy sau nginx.", id="portal.W006")


def check_mail() -> Messages:
    """Alarms reach somebody who is not looking at the portal."""
    if not settings.DEBUG and settings.EMAIL_BACKEND == DUMMY_MAIL:
        hint = "Đặt EMAIL_URL=smtp+tls://tên:mật-khẩu@máy-chủ:587"
        yield Warning("Chưa có EMAIL_URL: cảnh báo không gửi được qua thư.", hint=hint, id="portal.W008")


def check_push() -> Messages:
    """Urgent tips ring the phones of people on duty; a public key of another pair would reach none."""
    public, private = settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY
    hint = "Tạo cặp khóa mới bằng lệnh `make keys`."
    if not public and not settings.DEBUG:
        yield Warning("Chưa có VAPID_PUBLIC_KEY: tin khẩn không báo tới máy.", hint=hint, id="portal.W009")
    # Web processes have the public key only.
    if private and public_push_key(private) != public:
        message = "VAPID_PUBLIC_KEY không phải khóa công khai của VAPID_PRIVATE_KEY."
        yield Error(message, hint=hint, id="portal.E017")


def check_throttles() -> Messages:
    """Limits may be switched off on a development machine only."""
    if not settings.DEBUG and settings.THROTTLES_SWITCH == "off":
        hint = "Bỏ THROTTLES khỏi môi trường."
        yield Error("THROTTLES=off chỉ dùng được khi DEBUG bật.", hint=hint, id="portal.E006")


def check_queue() -> Messages:
    """A task must end before the broker believes it lost and hands it to a second worker."""
    timeout = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout", 0)
    if timeout <= settings.LONGEST_TASK_SECONDS:
        message = f"visibility_timeout ({timeout} s) không dài hơn việc lâu nhất (LONGEST_TASK_SECONDS)."
        hint = "Việc đang chạy sẽ được giao cho một máy nữa: tăng visibility_timeout."
        yield Error(message, hint=hint, id="portal.E007")
    if not settings.CELERY_BROKER_URL.startswith(("redis://", "rediss://", "redis+socket://")):
        message = "CELERY_BROKER_URL không phải Redis: việc dở dang của một máy hỏng sẽ không được giao lại."
        yield Error(message, hint="Đặt CELERY_BROKER_URL=redis://…", id="portal.E014")
    if settings.USES_EMBEDDED_BROKER and not settings.DEBUG:
        hint = "Đặt CELERY_BROKER_URL tới một máy chủ Redis khi có hơn một máy."
        yield Warning("Hàng đợi nhúng đang dùng khi DEBUG tắt.", hint=hint, id="portal.W002")


def check_database() -> Messages:
    """SQLite is one file on one machine; connections live longer than one request."""
    database = settings.DATABASES["default"]
    if settings.USES_SQLITE and not settings.USES_EMBEDDED_BROKER:
        message = "SQLite cùng hàng đợi qua mạng: các máy khác không đọc được cơ sở dữ liệu này."
        yield Warning(message, hint="Đặt DATABASE_URL=postgres://…", id="portal.W003")
    if database.get("CONN_MAX_AGE") == 0:
        message = "CONN_MAX_AGE là 0: mỗi yêu cầu mở một kết nối mới tới cơ sở dữ liệu."
        yield Warning(message, hint="Đặt CONN_MAX_AGE=600.", id="portal.W004")


def check_cache() -> Messages:
    """Throttles count in the cache: all web workers share it, and emptying it never empties the queue."""
    cache = settings.CACHES["default"]
    if cache["BACKEND"].endswith(PRIVATE_CACHES) and not settings.DEBUG:
        message = "Bộ nhớ đệm không dùng chung giữa các tiến trình web: giới hạn số lần gửi sẽ không đúng."
        yield Error(message, hint="Đặt CACHE_URL=redis://…", id="portal.E009")
    if _redis_database(str(cache.get("LOCATION", ""))) == _redis_database(settings.CELERY_BROKER_URL):
        message = "CACHE_URL và CELERY_BROKER_URL là cùng một cơ sở dữ liệu Redis."
        yield Error(message, hint="Xóa bộ nhớ đệm sẽ xóa cả hàng đợi: dùng số khác.", id="portal.E010")


def check_files() -> Messages:
    """Evidence never lies where files are served without a check of rights."""
    media = Path(settings.MEDIA_ROOT).resolve()
    for public in (Path(settings.STATIC_ROOT).resolve(), *map(Path, settings.STATICFILES_DIRS)):
        if media == public or media.is_relative_to(public) or public.is_relative_to(media):
            message = f"MEDIA_ROOT và thư mục tệp tĩnh {public} nằm trong nhau."
            yield Error(message, hint="Ảnh của người báo tin sẽ lộ ra ngoài.", id="portal.E008")
            return


def check_policy() -> Messages:
    """No page may run scripts written into it."""
    for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items():
        if any("unsafe" in str(source) for source in sources):
            yield Error(f"CSP {name} cho phép 'unsafe-…'.", hint="Đưa mã vào tệp tĩnh.", id="portal.E011")


def check_networks() -> Messages:
    """INTERNAL_NETWORKS are networks."""
    for network in settings.INTERNAL_NETWORKS:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            hint = "Ví dụ đúng: 10.0.0.0/8"
            yield Error(f"INTERNAL_NETWORKS: {network!r} không phải dải mạng.", hint=hint, id="portal.E013")


def check_people() -> Messages:
    """Staff of a real installation prove themselves twice, and not for days."""
    if settings.DEBUG:
        return
    if not settings.REQUIRE_SECOND_FACTOR:
        hint = "Bỏ REQUIRE_SECOND_FACTOR khỏi môi trường."
        yield Warning("Cán bộ đăng nhập không cần xác thực hai lớp.", hint=hint, id="portal.W001")
    if settings.SESSION_COOKIE_AGE > LONGEST_SESSION_SECONDS:
        yield Warning("Phiên làm việc dài hơn 12 giờ.", hint="Giảm SESSION_COOKIE_AGE.", id="portal.W007")


CHECKS: tuple[Callable[[], Messages], ...] = (
    check_hosts,
    check_secrets,
    check_zalo,
    check_code_verifier,
    check_verifier_codes,
    check_public_url,
    check_mail,
    check_push,
    check_throttles,
    check_queue,
    check_database,
    check_cache,
    check_files,
    check_policy,
    check_networks,
    check_people,
)

_KEY_HINT = "Tạo khóa mới bằng lệnh `make keys` và giữ ngoài kho mã nguồn."


def check_commits(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """PostgreSQL has a commit on its disk before it says so.

    Else its crash forgets which rows were claimed and sent a moment ago, and their groups get the post twice.
    """
    hint = "Đặt synchronous_commit = on trong postgresql.conf; xem cả ALTER ROLE và ALTER DATABASE."
    return [
        Error(f"synchronous_commit là off ở cơ sở dữ liệu {alias}.", hint=hint, id="portal.E018")
        for alias in databases or ()
        if not settings.DEBUG and _may_forget(connections[alias])
    ]


def check_holidays(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Deadlines in working days know the public holidays; nothing is asked before the table is made."""
    found = [
        holidays.missing(timezone.localdate(), using=alias)
        for alias in databases or ()
        if not settings.DEBUG and Holiday._meta.db_table in connections[alias].introspection.table_names()
    ]
    page = reverse("admin:groups_holiday_changelist")
    hint = f"Nhập ở trang quản trị {page} (ngày nghỉ, ngày làm bù)."
    return [Warning(sentence, hint=hint, id="portal.W010") for sentence in found if sentence]


def all_messages() -> list[CheckMessage]:
    """Everything the checks have to say about the settings in force."""
    return [message for check in CHECKS for message in check()]


def errors(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """What must stop any command."""
    return [message for message in all_messages() if message.is_serious()]


def warnings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """What ``check --deploy`` adds."""
    return [message for message in all_messages() if not message.is_serious()]


def register_all() -> None:
    """Make Django run the checks; called once when the applications are ready."""
    register(errors, Tags.security)
    register(warnings, Tags.security, deploy=True)
    register(check_commits, Tags.database)
    register(check_holidays, Tags.database)


def _may_forget(connection: BaseDatabaseWrapper) -> bool:
    """Whether what the portal's own connection commits may be gone after a crash."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone() == ("off",)


def _redis_database(url: str) -> tuple[str, str] | None:
    """Server and database number of a Redis address; None for anything else."""
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"}:
        return f"{parts.hostname}:{parts.port or 6379}", parts.path.strip("/") or "0"
    if parts.scheme in {"unix", "redis+socket"}:
        number = next((pair.split("=")[1] for pair in parts.query.split("&") if "=" in pair), "0")
        return parts.path, number
    return None
