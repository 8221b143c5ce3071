"""The calls of the OA API about people and the account: private messages, profiles, quotas, uploads."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from groups.zalo.simulator import assets, people, posting
from groups.zalo.simulator.calls import PAGE_CAP, Call, number
from groups.zalo.simulator.group_api import KINDS
from groups.zalo.simulator.people import Person
from groups.zalo.simulator.records import DAY_MS, Account, Message, Refusal

if TYPE_CHECKING:
    from groups.zalo.simulator.state import World
    from groups.zalo.simulator.webhooks import Hooks

LARGEST_OFFSET = 9_951
LARGEST_HISTORY_PAGE = 10
# ``last_interaction_period`` of the list of people, in days.
PERIODS = {"TODAY": 1, "YESTERDAY": 2, "L7D": 7, "L30D": 30}


class UserApi:
    """Handlers of the calls about people; each gets the account behind the token and the call."""

    def __init__(self, world: "World", hooks: "Hooks"):
        self.world = world
        self.hooks = hooks
        self.paths = {
            ("POST", "/v3.0/oa/message/cs"): self.send,
            ("POST", "/v2.0/oa/message"): self.send_v2,
            ("GET", "/v3.0/oa/user/getlist"): self.list_people,
            ("GET", "/v3.0/oa/user/detail"): self.person,
            ("POST", "/v3.0/oa/quota/message"): self.quota,
            ("POST", "/v2.0/oa/quota/message"): self.quota,
            ("GET", "/v2.0/oa/conversation"): self.conversation,
            ("GET", "/v2.0/oa/listrecentchat"): self.recent_chats,
            ("GET", "/v2.0/oa/getoa"): self.get_oa,
        }
        for purpose in posting.SIGNATURES:
            self.paths["POST", f"/v2.0/oa/upload/{purpose}"] = self.upload

    def send(self, account: Account, call: Call) -> dict[str, Any]:
        return self._answer(account, call, version=3)

    def send_v2(self, account: Account, call: Call) -> dict[str, Any]:
        return self._answer(account, call, version=2)

    def upload(self, account: Account, call: Call) -> dict[str, str]:
        purpose = call.path.rpartition("/")[2]
        if call.file is None:
            raise Refusal(-201, "file is invalid!")
        attachment_id = self.world.add_upload(account, call.file, purpose)
        return {"token" if purpose == "file" else "attachment_id": attachment_id}

    def list_people(self, account: Account, call: Call) -> dict[str, Any]:
        """Ids of people who have met the account, latest interaction first."""
        wanted = call.data
        offset, count = number(wanted, "offset", 0), number(wanted, "count", 0)
        if not 1 <= count <= PAGE_CAP or offset > LARGEST_OFFSET:
            raise Refusal(-201, "count is invalid!" if offset <= LARGEST_OFFSET else "offset is invalid!")
        found = self._people_of(account)
        if "is_follower" in wanted:
            found = [person for person in found if person.is_follower is _flag(wanted["is_follower"])]
        if days := PERIODS.get(str(wanted.get("last_interaction_period"))):
            oldest = self.world.clock.now() - days * DAY_MS
            found = [person for person in found if person.last_interaction_at >= oldest]
        page = found[offset : offset + count]
        rows = [{"user_id": person.user_id} for person in page]
        return {"total": len(found), "count": len(page), "offset": offset, "users": rows}

    def person(self, account: Account, call: Call) -> dict[str, Any]:
        person = people.person_of(self.world, account, call.data.get("user_id"))
        if self.world.switches.withhold_profiles:
            raise Refusal(-501, "personal information is not available outside Vietnam")
        return {
            "user_id": person.user_id,
            "user_id_by_app": f"5{person.user_id[1:]}",
            "display_name": person.name,
            "user_alias": "",
            "is_sensitive": False,
            "user_last_interaction_date": assets.day(person.last_interaction_at),
            "user_is_follower": person.is_follower,
            "avatar": "",
            "avatars": {},
            "tags_and_notes_info": {"notes": [], "tag_names": []},
            "shared_info": dict(person.shared_info),
        }

    def quota(self, account: Account, call: Call) -> Any:
        """What may still be sent: to one person (``user_id``), or by owner (``quota_owner``)."""
        if "user_id" not in call.fields:
            if call.fields.get("quota_owner") not in ("OA", "APP"):
                raise Refusal(-201, "user_id is invalid!")
            return [{"product_type": "cs"} | people.quota(self.world, account, is_free=False)]
        person = people.person_of(self.world, account, call.fields["user_id"])
        counted = people.quota(self.world, account, is_free=people.is_free_now(self.world, person))
        return {
            "last_interaction": str(person.last_interaction_at),
            "cs_reply": {"remain": counted["remain"], "total": counted["total"]},
            "promotion": {"remain": "0", "total": "0"},
        }

    def conversation(self, account: Account, call: Call) -> list[dict[str, Any]]:
        """One private chat, newest first."""
        wanted = call.data
        person = people.person_of(self.world, account, wanted.get("user_id"))
        offset, count = number(wanted, "offset", 0), _history_page(wanted)
        page = islice(reversed(person.messages), offset, offset + count)
        return [_item(account, person, message) for message in page]

    def recent_chats(self, account: Account, call: Call) -> list[dict[str, Any]]:
        """The last message of each private chat, the latest first."""
        wanted = call.data
        talking = [person for person in self._people_of(account) if person.messages]
        talking.sort(key=lambda person: person.messages[-1].at, reverse=True)
        offset = number(wanted, "offset", 0)
        page = talking[offset : offset + _history_page(wanted)]
        return [_item(account, person, person.messages[-1]) for person in page]

    def get_oa(self, account: Account, call: Call) -> dict[str, Any]:
        return {
            "oa_id": account.oa_id,
            "name": account.name,
            "description": "",
            "oa_alias": "",
            "is_verified": True,
            "oa_type": account.oa_type,
            "cate_name": "Cơ quan nhà nước" if account.oa_type == 4 else "Doanh nghiệp",
            "num_follower": sum(person.is_follower for person in self._people_of(account)),
            "avatar": "",
            "cover": "",
            "package_name": "Tăng trưởng",
            "package_valid_through_date": "31/12/2026",
            "package_auto_renew_date": "",
            "linked_ZCA": "",
        }

    def _answer(self, account: Account, call: Call, *, version: int) -> dict[str, Any]:
        recipient = call.fields.get("recipient")
        user_id = recipient.get("user_id") if isinstance(recipient, dict) else None
        body = call.fields.get("message")
        person, message, quota = people.answer(self.world, account, user_id, body, version=version)
        self.hooks.said_in_private(account, person, message)
        return {"message_id": message.message_id, "user_id": person.user_id, "quota": quota}

    def _people_of(self, account: Account) -> list[Person]:
        found = [person for person in self.world.people.values() if person.oa_id == account.oa_id]
        return sorted(found, key=lambda person: person.last_interaction_at, reverse=True)


def _flag(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _history_page(wanted: dict[str, Any]) -> int:
    count = number(wanted, "count", 5)
    if not 1 <= count <= LARGEST_HISTORY_PAGE:
        raise Refusal(-201, "count is invalid!")
    return count


def _item(account: Account, person: Person, message: Message) -> dict[str, Any]:
    ours = {"id": account.oa_id, "display_name": account.name, "avatar": ""}
    theirs = {"id": person.user_id, "display_name": person.name, "avatar": ""}
    sender, receiver = (ours, theirs) if message.is_ours else (theirs, ours)
    return {
        "src": 0 if message.is_ours else 1,
        "time": message.at,
        "type": KINDS.get(message.kind, "link"),
        "message": message.text,
        "message_id": message.message_id,
        **{f"from_{name}": value for name, value in sender.items()},
        **{f"to_{name}": value for name, value in receiver.items()},
    }
