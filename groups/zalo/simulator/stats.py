"""Counters of what the simulated platform saw, so that tests assert what members got, not what we believe."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from groups.zalo.simulator.records import MINUTE_MS


@dataclass(slots=True)
class AccountLoad:
    """How hard one account was used: the busiest calendar minute and the busiest sliding minute."""

    calls: int = 0
    over_limit: int = 0
    busiest_calendar_minute: int = 0
    busiest_sliding_minute: int = 0
    recent: deque[int] = field(default_factory=deque)
    minute: int = 0
    in_minute: int = 0


class Stats:
    """Calls by path and outcome, messages, duplicates, calls in flight, load of each account, webhooks."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.clear()

    def clear(self) -> None:
        """Back to zero; calls in flight are still in flight."""
        self.calls: Counter[tuple[str, str]] = Counter()
        self.max_in_flight = self.in_flight
        self.messages = 0
        self.messages_by_group: Counter[str] = Counter()
        self.duplicates: Counter[str] = Counter()
        self.rung_everyone = 0
        self.rung_people = 0
        self.accounts: dict[str, AccountLoad] = {}
        self.webhooks: Counter[str] = Counter()

    @property
    def total_calls(self) -> int:
        return sum(self.calls.values())

    def begin(self) -> None:
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self, path: str, outcome: str) -> None:
        self.in_flight -= 1
        self.calls[path, outcome] += 1

    def note_message(self, group_id: str, *, is_duplicate: bool, rings: Sequence[str] = ()) -> None:
        """Count a message of a group; ``rings`` names whose phones rang."""
        self.messages += 1
        self.messages_by_group[group_id] += 1
        if is_duplicate:
            self.duplicates[group_id] += 1
        if rings:
            everyone = "all" in rings
            self.rung_everyone += everyone
            self.rung_people += 0 if everyone else len(rings)

    def note_account_call(self, oa_id: str, now: int, *, is_over: bool) -> None:
        """Count one call of an account at ``now`` (ms); calls beyond the limit count too."""
        load = self.accounts.setdefault(oa_id, AccountLoad())
        load.calls += 1
        load.over_limit += is_over
        if load.minute != now // MINUTE_MS:
            load.minute, load.in_minute = now // MINUTE_MS, 0
        load.in_minute += 1
        load.busiest_calendar_minute = max(load.busiest_calendar_minute, load.in_minute)
        load.recent.append(now)
        while load.recent[0] <= now - MINUTE_MS:
            load.recent.popleft()
        load.busiest_sliding_minute = max(load.busiest_sliding_minute, len(load.recent))

    def as_dict(self) -> dict:
        """The counters as JSON."""
        calls: dict[str, dict[str, int]] = {}
        for (path, outcome), count in sorted(self.calls.items()):
            calls.setdefault(path, {})[outcome] = count
        return {
            "calls": calls,
            "calls_total": self.total_calls,
            "messages": self.messages,
            "groups_reached": len(self.messages_by_group),
            "duplicates": dict(self.duplicates),
            "duplicates_total": sum(self.duplicates.values()),
            "rung_everyone": self.rung_everyone,
            "rung_people": self.rung_people,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "accounts": {
                oa_id: {
                    "calls": load.calls,
                    "over_limit": load.over_limit,
                    "busiest_calendar_minute": load.busiest_calendar_minute,
                    "busiest_sliding_minute": load.busiest_sliding_minute,
                }
                for oa_id, load in self.accounts.items()
            },
            "webhooks": dict(self.webhooks),
        }
