"""Token renewal against the simulator over real HTTP: one refresher, commit before use, lost answers."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from groups.enums import AccountState
from groups.models import OfficialAccount
from groups.services import tokens as services
from groups.services.tokens import AccountTokens
from groups.tasks import renew_tokens
from groups.zalo.errors import ChannelStopped, ReauthorisationNeeded, Temporary
from portal.audit.models import AuditEntry
from tests.factories import OfficialAccountFactory

pytestmark = pytest.mark.django_db
TOKEN_PATH = "/v4/oa/access_token"


@pytest.fixture
def zalo(running, settings, monkeypatch):
    """An empty simulator that the settings point to."""
    running.control("POST", "reset", {})
    settings.ZALO_OAUTH_URL = running.url
    monkeypatch.setattr(services, "SECOND_TRY_SECONDS", 0.01)
    monkeypatch.setattr(services, "POLL_SECONDS", 0.01)
    return running


@pytest.fixture
def account(zalo):
    """An account known to the simulator, its access token good for a day."""
    account = OfficialAccountFactory(access_expires_at=timezone.now() + timedelta(hours=24))
    names = ("oa_id", "app_id", "app_secret", "oa_secret", "access_token", "refresh_token")
    zalo.control("POST", "oas", {name: getattr(account, name) for name in names})
    return account


def refreshes(zalo) -> int:
    return sum(zalo.control("GET", "stats")["calls"].get(TOKEN_PATH, {}).values())


def expire(account, **ago) -> None:
    account.access_expires_at = timezone.now() - timedelta(**ago)
    account.save(update_fields=["access_expires_at"])


def get(account, tokens=None) -> str:
    return async_to_sync((tokens or AccountTokens(account.pk)).get)()


def renew(account, rejected: str) -> str:
    return async_to_sync(AccountTokens(account.pk).renew)(rejected)


def test_get_with_a_fresh_token_asks_nobody(account, zalo):
    assert get(account) == account.access_token
    assert refreshes(zalo) == 0


def test_get_twice_reads_the_row_once(account, django_assert_num_queries):
    tokens = AccountTokens(account.pk)
    with django_assert_num_queries(1):
        get(account, tokens)
        get(account, tokens)


def test_get_in_the_last_hour_renews_and_commits_the_pair_first(account, zalo):
    old = account.access_token, account.refresh_token
    expire(account, minutes=-59)
    token = get(account)
    account.refresh_from_db()
    assert (account.access_token, account.state) == (token, AccountState.ACTIVE)
    assert token != old[0] and account.refresh_token != old[1]
    assert account.refresh_started_at is None
    assert account.access_expires_at > timezone.now() + timedelta(hours=24)


def test_renew_of_a_token_that_was_renewed_already_asks_nobody(account, zalo):
    assert renew(account, "older-token") == account.access_token
    assert refreshes(zalo) == 0


def test_renew_by_many_at_once_asks_zalo_once(account, zalo):
    async def race():
        sources = [AccountTokens(account.pk) for _number in range(5)]
        return await asyncio.gather(*(source.renew(account.access_token) for source in sources))

    found = async_to_sync(race)()
    account.refresh_from_db()
    assert set(found) == {account.access_token}
    assert refreshes(zalo) == 1


def test_renew_with_a_spent_refresh_token_asks_for_a_new_grant(account, zalo):
    account.refresh_token = "spent-long-ago"
    account.save(update_fields=["refresh_token"])
    with pytest.raises(ReauthorisationNeeded):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT
    assert account.refresh_started_at is None
    assert "cấp quyền lại" in account.last_error
    entry = AuditEntry.objects.get(action="groups.account.needs_grant")
    assert entry.unit_path == account.unit.path


def test_get_of_an_account_that_needs_a_grant_asks_nobody(account, zalo):
    OfficialAccount.objects.update(state=AccountState.NEEDS_GRANT)
    with pytest.raises(ReauthorisationNeeded):
        get(account)
    assert refreshes(zalo) == 0


def test_renew_with_a_wrong_app_secret_stops_the_account(account, zalo):
    account.app_secret = "another"
    account.save(update_fields=["app_secret"])
    with pytest.raises(ChannelStopped):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert account.state == AccountState.STOPPED


def test_renew_whose_answer_gets_lost_ends_at_the_administrator(account, zalo):
    zalo.control("POST", "faults", {"kind": "reset_after", "path": TOKEN_PATH, "times": 1})
    with pytest.raises(ReauthorisationNeeded):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert account.state == AccountState.NEEDS_GRANT


def test_renew_whose_request_gets_lost_succeeds_at_the_second_try(account, zalo):
    zalo.control("POST", "faults", {"kind": "reset_before", "path": TOKEN_PATH, "times": 1})
    token = renew(account, account.access_token)
    account.refresh_from_db()
    assert (account.access_token, account.state) == (token, AccountState.ACTIVE)


def test_renew_without_any_answer_is_temporary_and_frees_the_claim(account, zalo):
    zalo.control("POST", "faults", {"kind": "reset_before", "path": TOKEN_PATH, "times": 2})
    with pytest.raises(Temporary):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert (account.state, account.refresh_started_at) == (AccountState.ACTIVE, None)


def test_get_while_zalo_is_away_uses_the_token_until_it_runs_out(account, settings):
    settings.ZALO_OAUTH_URL = "http://127.0.0.1:9"
    expire(account, minutes=-30)
    assert get(account) == account.access_token
    expire(account, minutes=1)
    with pytest.raises(Temporary):
        get(account)


def test_renew_while_another_process_holds_the_claim_waits_then_gives_up(account, zalo, monkeypatch):
    monkeypatch.setattr(services, "WAIT_SECONDS", 0.05)
    OfficialAccount.objects.update(refresh_started_at=timezone.now())
    with pytest.raises(Temporary):
        renew(account, account.access_token)
    assert refreshes(zalo) == 0


def test_renew_takes_over_the_claim_of_a_dead_process(account, zalo):
    long_ago = timezone.now() - timedelta(seconds=services.CLAIM_SECONDS + 1)
    OfficialAccount.objects.update(refresh_started_at=long_ago)
    old = account.access_token
    assert renew(account, old) != old


def test_store_after_a_person_connected_anew_keeps_the_persons_pair(account):
    stale = OfficialAccount.objects.get(pk=account.pk)
    account.refresh_token = account.access_token = "from-the-console"
    account.save(update_fields=["refresh_token", "access_token"])
    pair = services.oauth.TokenPair("at", "rt", 90_000)
    assert services._store(stale, pair).access_token == "from-the-console"
    account.refresh_from_db()
    assert account.refresh_token == "from-the-console"


def test_renew_beyond_the_call_limit_is_temporary_and_frees_the_claim(account, zalo, monkeypatch):
    async def over_limit(*args, **options):
        raise services.oauth.classify(-32, "reached limit call api")

    # The simulator counts calls of the API only.
    monkeypatch.setattr(services.oauth, "refresh", over_limit)
    with pytest.raises(Temporary):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert (account.state, account.refresh_started_at) == (AccountState.ACTIVE, None)


def test_release_leaves_the_claim_that_another_process_took_over(account, zalo, monkeypatch):
    taken_over = timezone.now() + timedelta(seconds=services.CLAIM_SECONDS + 1)

    async def slow_and_lost(*args, **options):
        await OfficialAccount.objects.aupdate(refresh_started_at=taken_over)
        raise Temporary(None, "lost after more than a minute")

    # A minute's wait is no test: the other process takes over while this one still waits for its answer.
    monkeypatch.setattr(services.oauth, "refresh", slow_and_lost)
    with pytest.raises(Temporary):
        renew(account, account.access_token)
    account.refresh_from_db()
    assert account.refresh_started_at == taken_over


def aged(account, hours: float) -> None:
    """Give the account a pair made ``hours`` ago that lives for a day."""
    account.tokens_at = timezone.now() - timedelta(hours=hours)
    account.access_expires_at = account.tokens_at + timedelta(hours=24)
    account.save(update_fields=["tokens_at", "access_expires_at"])


def test_pairs_are_renewed_by_the_job_at_half_of_their_life(account, zalo):
    aged(account, hours=12.1)
    young = OfficialAccountFactory()
    aged(young, hours=11.9)
    before = account.access_token, young.access_token
    renew_tokens.run()
    account.refresh_from_db()
    young.refresh_from_db()
    assert account.access_token != before[0] and young.access_token == before[1]
    assert account.tokens_at > timezone.now() - timedelta(minutes=1)
    assert account.grant_ends_at > timezone.now() + timedelta(days=89)
    assert refreshes(zalo) == 1


def test_pairs_renewed_a_moment_ago_are_not_renewed_again(account, zalo):
    aged(account, hours=20)
    assert (services.renew_ahead(), services.renew_ahead()) == (1, 0)
    assert refreshes(zalo) == 1


def test_quiet_account_is_renewed_though_its_token_ran_out_long_ago(account, zalo):
    aged(account, hours=24 * 40)
    renew_tokens.run()
    account.refresh_from_db()
    assert account.access_expires_at > timezone.now()


def test_account_whose_grant_is_gone_stops_no_other(account, zalo):
    aged(account, hours=20)
    broken = [OfficialAccountFactory() for _number in range(5)]
    for row in broken:
        aged(row, hours=20)
    assert services.renew_ahead() == 1
    # The simulator does not know them: their grants are gone, and that is said on each account.
    assert OfficialAccount.objects.filter(state=AccountState.NEEDS_GRANT).count() == len(broken)


def test_job_ends_after_a_few_tries_where_zalo_is_away(account, settings, asked):
    settings.ZALO_OAUTH_URL = "http://127.0.0.1:9"
    for row in [account, *(OfficialAccountFactory() for _number in range(5))]:
        aged(row, hours=20)
    assert services.renew_ahead() == 0
    assert len(asked) == services.FAILURES_IN_ROW
    assert OfficialAccount.objects.filter(state=AccountState.ACTIVE, refresh_started_at=None).count() == 6


@pytest.fixture
def asked(monkeypatch):
    """Accounts for which Zalo was really asked, in order."""
    calls, ask = [], AccountTokens._ask

    async def counted(self, account):
        calls.append(account.pk)
        return await ask(self, account)

    monkeypatch.setattr(AccountTokens, "_ask", counted)
    return calls


def test_get_while_zalo_is_away_asks_once_for_many_sends(account, settings, asked):
    settings.ZALO_OAUTH_URL = "http://127.0.0.1:9"
    expire(account, minutes=-30)
    tokens = AccountTokens(account.pk)

    async def sends():
        return [await tokens.get() for _number in range(3)] + await asyncio.gather(
            *(tokens.get() for _number in range(5))
        )

    assert set(async_to_sync(sends)()) == {account.access_token}
    assert asked == [account.pk]


def test_get_after_a_failed_renewal_asks_again_when_the_pause_is_over(account, zalo, asked, monkeypatch):
    monkeypatch.setattr(services, "RETRY_AFTER_SECONDS", 0.05)
    zalo.control("POST", "faults", {"kind": "reset_before", "path": TOKEN_PATH, "times": 2})
    expire(account, minutes=-30)
    tokens = AccountTokens(account.pk)

    async def two_sends():
        first = await tokens.get()
        await asyncio.sleep(0.06)
        return first, await tokens.get()

    first, second = async_to_sync(two_sends)()
    assert first == account.access_token != second
    assert len(asked) == 2


def test_get_of_an_expired_token_within_the_pause_fails_at_once(account, settings, asked):
    settings.ZALO_OAUTH_URL = "http://127.0.0.1:9"
    expire(account, minutes=1)
    tokens = AccountTokens(account.pk)
    for _number in range(2):
        with pytest.raises(Temporary) as caught:
            get(account, tokens)
        assert 0 < caught.value.wait_seconds <= services.RETRY_AFTER_SECONDS
    assert len(asked) == 1


def test_get_by_many_sends_at_once_claims_once(account, zalo, monkeypatch):
    claims, claim = [], services._claim
    monkeypatch.setattr(services, "_claim", lambda pk: claims.append(pk) or claim(pk))
    expire(account, minutes=-30)
    tokens = AccountTokens(account.pk)

    async def race():
        return await asyncio.gather(*(tokens.get() for _number in range(8)))

    assert len(set(async_to_sync(race)())) == 1
    assert claims == [account.pk]
