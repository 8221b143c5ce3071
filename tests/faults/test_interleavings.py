"""Ten thousand deliveries, each with dice of its own, through the real engine on made-up time.

Workers are killed between any two statements and calls, hints get lost and doubled, answers go missing,
tokens run out, clocks jump, people pause, withdraw, settle and look the other way. Whatever happens: no group
ever reads a post twice, and in the end every row is final, and true, or waits for somebody who is named.
The database's clock is right; those of the machines are not.

A failure names its batch; ``pytest -k 'batch3]'`` runs that again.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import QuerySet
from django.utils import timezone

from broadcasts import tasks
from broadcasts.engine import drain, store
from broadcasts.engine.database import DatabaseThread
from broadcasts.enums import CLAIMABLE, DeliveryState
from broadcasts.hints import hint
from broadcasts.models import Broadcast, Delivery, Mailbox
from broadcasts.services import approval, editing, mailboxes, settle
from broadcasts.services.echo import settle_by_echo
from groups.enums import AccountState, GroupState, Role
from groups.models import Group, OfficialAccount
from groups.services import tokens
from groups.zalo import oauth
from portal import clock
from portal.errors import PortalError, WrongStateError
from tests.factories import (
    BroadcastFactory,
    GroupFactory,
    OfficialAccountFactory,
    make_area,
    make_user,
)
from tests.faults.members import PROCESS, Account, Killed, Members, Process, UnreliableZalo
from tests.faults.virtual import VirtualLoop, rule_time

# Statements cost more than rows: few batches of many rows, 2,600 each.
BATCHES, POSTS = 4, 40
ACCOUNTS_OF_A_POST = 5
GROUPS_OF_AN_ACCOUNT = (10, 16)
CHAOS_SECONDS = 240
CALM_SECONDS = 4 * 3600
STEP_SECONDS = 600

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="one connection plays all machines"),
]


@dataclass
class Campaign:
    """One post to the groups of a few accounts, and what people are going to do about it."""

    post: Broadcast
    accounts: dict[int, Account]
    is_attended: bool
    plan: list[tuple[float, str]]


ACTIONS = (
    *("pause", "pause", "resume", "withdraw", "cancel", "pause_mailbox", "resume_mailbox", "edit"),
    *("expire_token", "expire_token", "settle", "settle", "grant"),
)


class Country:
    """Everything that runs: workers, beats, people, the broker between them."""

    def __init__(self, batch: int, loop: VirtualLoop):
        self.loop, self.dice = loop, random.Random(batch)
        self.members = Members(loop)
        self.broker: asyncio.Queue[tuple[Any, tuple]] = asyncio.Queue()
        self.is_calm = False
        # Since when an officer has been asked about a row.
        self.asked: dict[tuple[int, Any], float] = {}
        area = make_area()
        self.officer = make_user(Role.OFFICER, area.commune_a)
        self.chief = make_user(Role.CHIEF, area.commune_a)
        self.campaigns = [self._campaign(batch, number, area) for number in range(POSTS)]

    def _campaign(self, batch: int, number: int, area: Any) -> Campaign:
        dice = random.Random(f"{batch}/{number}")
        accounts, groups = {}, []
        for n in range(ACCOUNTS_OF_A_POST):
            name = f"{number * ACCOUNTS_OF_A_POST + n:08x}"
            account = Account(name, random.Random(f"{batch}/{name}"), trouble=dice.choice((0, 0.1, 0.3, 0.6)))
            row = OfficialAccountFactory(
                unit=area.commune_a,
                oa_id=name,
                rate_per_minute=dice.choice((20, 60, 1000)),
                access_token=account.access,
                refresh_token=account.refresh,
            )
            self.members.accounts[name] = accounts[row.pk] = account
            groups += [
                GroupFactory.build(
                    gmf=True, unit=area.village_a, official_account=row, zalo_group_id=f"{name}{m:012x}"
                )
                for m in range(dice.randint(*GROUPS_OF_AN_ACCOUNT))
            ]
        post = BroadcastFactory(
            code=f"TB-2001-{number:04d}",
            unit=area.commune_a,
            author=self.officer,
            audience={"groups": [group.pk for group in Group.objects.bulk_create(groups)]},
            urgency=dice.choice(("routine", "routine", "urgent")),
            state="approved",
            due_at=timezone.now(),
        )
        plan = sorted(
            (dice.uniform(0, CHAOS_SECONDS), dice.choice(ACTIONS)) for _n in range(dice.randint(0, 12))
        )
        return Campaign(post, accounts, dice.random() < 0.9, plan)

    # --- The broker, the beats, the workers --------------------------------------------------------------

    def send(self, task: Any, args: tuple, countdown: float | None) -> None:
        """A hint on its way: lost, doubled or late as it pleases."""
        process = PROCESS.get()
        if process is not None and process.is_dead:
            return
        copies = 1 if self.is_calm else self.dice.choice((0, 1, 1, 1, 2))
        for _copy in range(copies):
            self.loop.call_later(countdown or 0, self.broker.put_nowait, (task, args))

    async def beat(self) -> None:
        tick = 0
        while True:
            self.send(tasks.start_due_broadcasts, (), None)
            if self.is_calm or tick % 4 == 0:
                self.send(tasks.sweep, (), None)
            tick += 1
            await asyncio.sleep(60 if self.is_calm else 15)

    async def worker(self) -> None:
        """One after the other until killed; then another one takes its place."""
        while True:
            process = Process()
            PROCESS.set(process)
            if not self.is_calm:
                self.loop.call_later(self.dice.expovariate(1 / 30), self.kill, process)
            with suppress(Killed):
                while not process.is_dead:
                    task, args = await self.broker.get()
                    await self._do(task, args)
            await asyncio.sleep(self.dice.uniform(1, 5))

    def kill(self, process: Process) -> None:
        process.is_dead = not self.is_calm

    async def _do(self, task: Any, args: tuple) -> None:
        if task is not tasks.drain:
            task.run(*args)
        elif store.has_work(clock.database_now()):
            async with DatabaseThread(shared=connections["default"]) as thread:
                one = drain.Drain(thread, None, seconds=45, concurrency=20, clock=clock.DatabaseClock())
                report = await one.run()
            if report.again_in is not None:
                hint(tasks.drain, countdown=report.again_in)

    def between_statements(self, execute, sql, params, many, context):
        """A process may die before any statement; what its transaction did is undone."""
        process = PROCESS.get()
        if process is not None:
            if not self.is_calm and self.dice.random() < 0.001:
                process.is_dead = True
            process.require_life()
        return execute(sql, params, many, context)

    # --- People, clocks, echoes --------------------------------------------------------------------------

    async def people(self) -> None:
        plans = sorted(
            (at, number, action)
            for number, campaign in enumerate(self.campaigns)
            for at, action in campaign.plan
        )
        began = self.loop.time()
        for at, number, action in plans:
            await asyncio.sleep(max(0, began + at - self.loop.time()))
            with suppress(PortalError):
                self.act(self.campaigns[number], action)

    def act(self, campaign: Campaign, action: str) -> None:
        """What a person does; what is not possible now is refused, and that is fine."""
        post = campaign.post
        post.refresh_from_db()
        if action in ("pause", "resume", "cancel"):
            getattr(approval, f"{action}_broadcast")(post, actor=self.chief)
        elif action == "withdraw":
            approval.withdraw_broadcast(post, actor=self.chief, reason="Nhầm")
        elif action == "edit":
            with pytest.raises(WrongStateError):
                editing.update_broadcast(post, actor=self.officer, content=editing.content_of(post))
        elif action.endswith("_mailbox"):
            self.turn_mailbox(campaign, action)
        elif action == "expire_token":
            # Neither token the portal has is worth anything now.
            campaign.accounts[self.dice.choice(list(campaign.accounts))].serial += 1
        elif action == "settle":
            self.settle([campaign])
        else:
            self.grant([campaign])

    def turn_mailbox(self, campaign: Campaign, action: str) -> None:
        for box in Mailbox.objects.filter(account=self.dice.choice(list(campaign.accounts))):
            if action == "pause_mailbox":
                mailboxes.pause_mailbox(box, actor=self.chief, reason="Xem lại")
            else:
                mailboxes.resume_mailbox(box, actor=self.chief)

    def settle(self, campaigns: list[Campaign]) -> None:
        """An officer looks into the groups in question and says what is there.

        Nobody does so within seconds: by then whatever was on its way has arrived.
        """
        for row in self.rows(campaigns).filter(state="unknown", reads__gte=store.MAX_READS):
            if self.loop.time() - self.asked.setdefault((row.pk, row.unknown_at), self.loop.time()) < 60:
                continue
            is_there = self.members.times_seen(row.group.zalo_group_id, row.broadcast.code)
            with suppress(PortalError):
                (settle.confirm_seen if is_there else settle.resend)(row, actor=self.chief)

    def grant(self, campaigns: list[Campaign]) -> None:
        """An administrator connects accounts anew that work no more."""
        known = {pk: account for campaign in campaigns for pk, account in campaign.accounts.items()}
        for row in OfficialAccount.objects.filter(pk__in=known).exclude(state=AccountState.ACTIVE):
            tokens.store_pair(row, oauth.TokenPair(known[row.pk].access, known[row.pk].refresh, 90_000))
            row.save(update_fields=tokens.PAIR_FIELDS)

    def rows(self, campaigns: list[Campaign]) -> QuerySet[Delivery]:
        """Of the posts and of their corrections."""
        accounts = [pk for campaign in campaigns for pk in campaign.accounts]
        return Delivery.objects.filter(account__in=accounts).select_related(
            "account__mailbox", "broadcast__unit", "group__unit"
        )

    async def echoes(self) -> None:
        """Zalo's webhook: half of the posts come back, some twice, some late."""
        while True:
            for posted in self.members.echoes:
                event = {"zalo_group_id": posted.group_id, "text": posted.text}
                event["oa_id"] = self.members.account_of(posted.group_id).name
                for _copy in range(self.dice.choice((0, 0, 1, 2))):
                    settle_by_echo(message_id=posted.message_id, **event)
            self.members.echoes.clear()
            await asyncio.sleep(self.dice.choice((1, 10, 70)))

    async def clock(self) -> None:
        """Every now and then somebody sets the clock of the machine wrong; in the end it is right."""
        while not self.is_calm:
            await asyncio.sleep(self.dice.uniform(20, 120))
            self.loop.offset = 0 if self.is_calm else self.dice.choice((-STEP_SECONDS, 0, STEP_SECONDS))

    # --- The whole run -----------------------------------------------------------------------------------

    async def run(self) -> None:
        parts = [self.beat(), self.beat(), self.people(), self.echoes(), self.clock()]
        parts += [self.worker() for _number in range(3)]
        running = [asyncio.create_task(part) for part in parts]
        with connection.execute_wrapper(self.between_statements):
            await asyncio.sleep(CHAOS_SECONDS)
            self.calm_down()
            for _minute in range(CALM_SECONDS // 60):
                await asyncio.sleep(60)
                self.help()
                for part in running:
                    if part.done() and part.exception():
                        raise part.exception()
                if not self.unfinished():
                    break
            for part in running:
                part.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def calm_down(self) -> None:
        self.is_calm = True
        for account in self.members.accounts.values():
            account.trouble = 0

    def help(self) -> None:
        """People do their duty, where there are any."""
        attended = [campaign for campaign in self.campaigns if campaign.is_attended]
        accounts = [pk for campaign in attended for pk in campaign.accounts]
        self.settle(attended)
        self.grant(attended)
        Group.objects.filter(official_account__in=accounts).exclude(state=GroupState.ACTIVE).update(
            state=GroupState.ACTIVE
        )
        for box in Mailbox.objects.filter(account__in=accounts).exclude(paused_at=None):
            mailboxes.resume_mailbox(box, actor=self.chief)
        paused = Broadcast.objects.filter(pk__in=[one.post.pk for one in attended], state="paused")
        for post in paused.select_related("unit"):
            approval.resume_broadcast(post, actor=self.chief)

    def unfinished(self) -> int:
        """Rows that time alone moves on."""
        works = {"account__mailbox__paused_at": None, "account__state": AccountState.ACTIVE}
        rows = Delivery.objects.filter(**works)
        moving = rows.filter(state__in=(*CLAIMABLE, DeliveryState.SENDING), broadcast__state="sending")
        to_read = rows.filter(state="unknown", reads__lt=store.MAX_READS)
        to_unblock = rows.filter(state="blocked", group__state=GroupState.ACTIVE)
        early = Broadcast.objects.filter(state__in=("approved", "expanding"))
        return moving.count() + to_read.count() + to_unblock.count() + early.count()

    def judge(self) -> list[str]:
        """What is wrong in the end, in words."""
        wrong = []
        for row in self.rows(self.campaigns):
            seen = self.members.times_seen(row.group.zalo_group_id, row.broadcast.code)
            place = f"{row.broadcast.code} ({row.broadcast.state}), row {row.pk} {row.state}"
            if seen > 1:
                wrong.append(f"{place}: members saw it {seen} times")
            if row.state == "sent" and seen != 1:
                wrong.append(f"{place}: it is not there")
            if row.state in ("refused", "skipped", "blocked", *CLAIMABLE) and seen:
                wrong.append(f"{place}: it is there ({row.last_error})")
            if not self.is_final_or_waits_for_somebody(row):
                wrong.append(f"{place}: nobody sees to it (reads {row.reads}, {row.last_error})")
        lost = Broadcast.objects.filter(
            state__in=("sending", "done", "paused", "withdrawn"), started_at__isnull=False, deliveries=None
        )
        # A correction of a post that reached nobody has nobody to tell.
        return wrong + [f"{post.code}: no rows" for post in lost.filter(corrects=None)]

    def is_final_or_waits_for_somebody(self, row: Delivery) -> bool:
        """Whoever paused it, whoever connects accounts and groups, or the officer who is asked to look."""
        if row.state in ("sent", "refused", "skipped"):
            return True
        is_paused = row.account.mailbox.paused_at is not None
        is_stopped = row.account.state != AccountState.ACTIVE
        if row.state == "unknown":
            return row.reads >= store.MAX_READS or is_paused or is_stopped
        is_paused |= row.broadcast.state == "paused"
        if row.state == "blocked":
            return is_paused or is_stopped or row.group.state != GroupState.ACTIVE
        return is_paused and row.state in CLAIMABLE


@pytest.mark.parametrize("batch", range(BATCHES), ids=lambda number: f"batch{number}")
def test_no_interleaving_doubles_or_loses_a_post(batch: int, monkeypatch, settings):
    settings.ZALO_CLIENT = "tests.faults.members.UnreliableZalo"
    loop = VirtualLoop()
    rule_time(monkeypatch, loop)
    random.seed(batch)
    country = Country(batch, loop)
    monkeypatch.setattr(UnreliableZalo, "members", country.members, raising=False)
    monkeypatch.setattr("broadcasts.hints._send", country.send)
    monkeypatch.setattr(oauth, "refresh", country.members.refresh)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(country.run())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    wrong = country.judge()
    assert not wrong, "\n".join(wrong[:20])
