"""A sync that somebody asks for: the page, the list's action, the command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from groups.enums import AccountState, Role
from groups.models import OfficialAccount
from groups.services import sync
from groups.tasks import sync_account
from groups.zalo.fake import world
from portal.audit.models import AuditEntry
from portal.errors import NotAllowedError, WrongStateError
from tests.clients import browser_of
from tests.factories import OfficialAccountFactory, make_user
from tests.groups.sync.directory import FAST

pytestmark = pytest.mark.django_db


def test_administrator_asks_for_a_sync_and_reads_how_it_went(account, group, administrator, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    world.add_group("f" * 20, "Tổ dân phố 9")
    client = browser_of(administrator)
    response = client.post(reverse("admin:groups_officialaccount_sync", args=[account.pk]), follow=True)
    page = response.content.decode()
    assert "1 nhóm trong danh bạ" in page and "1 nhóm: chọn đơn vị" in page
    assert AuditEntry.objects.get(action="groups.group.changed").actor == administrator


def test_sync_without_a_broker_says_so(account, group, administrator, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError

    # Other runs of these tests have a broker.
    monkeypatch.setattr(sync_account, "apply_async", refuse)
    client = browser_of(administrator)
    response = client.post(reverse("admin:groups_officialaccount_sync", args=[account.pk]), follow=True)
    assert "Hàng đợi công việc không trả lời" in response.content.decode()


def test_sync_of_chosen_accounts_is_an_action_of_the_list(account, group, administrator, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    data = {"action": "sync_now", "_selected_action": [account.pk]}
    browser_of(administrator).post(reverse("admin:groups_officialaccount_changelist"), data)
    account.refresh_from_db()
    assert account.synced_at is not None


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR])
def test_sync_is_not_for_everybody_to_ask_for(account, area, role):
    with pytest.raises(NotAllowedError):
        sync.request_sync(account, by=make_user(role, area.province))


def test_sync_of_a_stopped_account_is_refused(account, administrator):
    OfficialAccount.objects.update(state=AccountState.STOPPED)
    account.refresh_from_db()
    with pytest.raises(WrongStateError):
        sync.request_sync(account, by=administrator)


def test_page_shows_that_a_sync_runs_and_why_one_failed(account, administrator):
    client = browser_of(administrator)
    page = reverse("admin:groups_officialaccount_connect", args=[account.pk])
    OfficialAccount.objects.update(sync_started_at=timezone.now())
    assert "Đang đọc từ" in client.get(page).content.decode()
    OfficialAccount.objects.update(sync_started_at=None, sync_error="Gói dịch vụ đã hết hạn.")
    assert "Gói dịch vụ đã hết hạn." in client.get(page).content.decode()


def test_task_for_somebody_who_is_gone_runs_all_the_same(account, group):
    sync_account.run(account.pk, 0)
    account.refresh_from_db()
    assert account.synced_at is not None


def test_command_reads_one_account_or_all(account, group, area):
    OfficialAccountFactory(unit=area.commune_b, rate_per_minute=FAST)
    out = StringIO()
    call_command("sync_groups", oa_id=account.oa_id, stdout=out)
    assert "Đã đọc 1/1" in out.getvalue() and "1 nhóm trong danh bạ" in out.getvalue()
    call_command("sync_groups", stdout=out)
    assert "Đã đọc 2/2" in out.getvalue()


def test_command_for_an_unknown_account_says_so(account):
    with pytest.raises(CommandError, match="999"):
        call_command("sync_groups", oa_id="999")
