"""Objects for tests: simple rows with sensible values, and one small country to put them in.

``make_area()`` builds the country of most tests: a province with a district and its communes A and B
(villages below them), another province with commune C. ``make_user(Role.OFFICER, area.commune_a)`` posts a
person there. Rows are made directly; a test about a state change calls the service.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.utils import timezone
from factory.django import DjangoModelFactory

from broadcasts.enums import DeliveryState, NoticeState, PostKind
from broadcasts.models import Attempt, Broadcast, Delivery, Notice, Post
from groups.enums import Channel, GroupKind, Level, Role
from groups.models import (
    Group,
    JoinLink,
    Member,
    OfficialAccount,
    Posting,
    Programme,
    Stewardship,
    Unit,
)
from tips.enums import Category, Priority, SourceChannel
from tips.models import Tip

PASSWORD = "demo-1234"


class UnitFactory(DjangoModelFactory):
    """A commune by default; ``province=True``, ``district=True``, ``village=True`` change the level."""

    class Meta:
        model = Unit

    class Params:
        province = factory.Trait(level=Level.PROVINCE, kind="tỉnh")
        district = factory.Trait(level=Level.DISTRICT, kind="khu vực")
        village = factory.Trait(level=Level.VILLAGE, kind="thôn", households=120, population=480)

    code = factory.Sequence(lambda n: f"U{n:05d}")
    level = Level.COMMUNE
    kind = "xã"
    name = factory.Sequence(lambda n: f"Đông Phú {n}")
    full_name = factory.LazyAttribute(lambda unit: f"{unit.kind[:1].upper()}{unit.kind[1:]} {unit.name}")
    parent = None


class UserFactory(DjangoModelFactory):
    """An active user without postings; the password is ``PASSWORD``."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    full_name = factory.Sequence(lambda n: f"Nguyễn Văn Số {n}")
    rank = "Đại úy"
    password = factory.django.Password(PASSWORD)


class PostingFactory(DjangoModelFactory):
    class Meta:
        model = Posting

    user = factory.SubFactory(UserFactory)
    unit = factory.SubFactory(UnitFactory)
    role = Role.OFFICER
    valid_from = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=30))


class OfficialAccountFactory(DjangoModelFactory):
    """A connected account whose tokens the simulator accepts in open mode."""

    class Meta:
        model = OfficialAccount

    unit = factory.SubFactory(UnitFactory)
    name = factory.LazyAttribute(lambda account: account.unit.police_name)
    oa_id = factory.Sequence(lambda n: f"47{n:017d}")
    app_id = factory.Sequence(lambda n: f"30{n:016d}")
    app_secret = "app-secret"
    oa_secret = "oa-secret"
    access_token = factory.LazyAttribute(lambda account: f"demo-at-{account.oa_id}")
    refresh_token = factory.LazyAttribute(lambda account: f"demo-rt-{account.oa_id}")
    access_expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=25))


class GroupFactory(DjangoModelFactory):
    """An assisted group by default; ``GroupFactory(gmf=True)`` has an account and a Zalo group id."""

    class Meta:
        model = Group

    class Params:
        gmf = factory.Trait(
            channel=Channel.GMF,
            official_account=factory.SubFactory(OfficialAccountFactory, unit=factory.SelfAttribute("..unit")),
            zalo_group_id=factory.Sequence(lambda n: f"{n:020x}"),
        )

    unit = factory.SubFactory(UnitFactory, village=True)
    kind = GroupKind.HOUSEHOLD
    channel = Channel.ASSISTED
    name = factory.Sequence(lambda n: f"An ninh thôn {n}")
    join_url = factory.Sequence(lambda n: f"https://zalo.me/g/nhom{n:06d}")
    members_count = 30
    households_count = 25


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    name = factory.Sequence(lambda n: f"Zalo kết nối bình yên {n}")
    unit = factory.SubFactory(UnitFactory)
    starts_on = factory.LazyFunction(lambda: timezone.localdate() - timedelta(days=365))


class StewardshipFactory(DjangoModelFactory):
    class Meta:
        model = Stewardship

    group = factory.SubFactory(GroupFactory)
    user = factory.SubFactory(UserFactory)


class MemberFactory(DjangoModelFactory):
    class Meta:
        model = Member

    group = factory.SubFactory(GroupFactory)
    display_name = factory.Sequence(lambda n: f"Trần Thị {n}")


class JoinLinkFactory(DjangoModelFactory):
    class Meta:
        model = JoinLink

    group = factory.SubFactory(GroupFactory)
    code = factory.Sequence(lambda n: f"J{n:05d}")


class PostFactory(DjangoModelFactory):
    class Meta:
        model = Post

    kind = PostKind.EDUCATION
    title = factory.Sequence(lambda n: f"Cảnh báo lừa đảo {n}")
    body = "Công an không yêu cầu chuyển tiền hay đọc mã OTP qua điện thoại."
    unit = factory.SubFactory(UnitFactory)


class NoticeFactory(DjangoModelFactory):
    """A missing person, active; wanted notices need their decision fields."""

    class Meta:
        model = Notice

    code = factory.Sequence(lambda n: f"TT-2611-{n:04d}")
    kind = PostKind.MISSING
    state = NoticeState.ACTIVE
    unit = factory.SubFactory(UnitFactory)
    person_name = "Trần Thị M."
    features = "Cao khoảng 1m50, tóc bạc ngắn"
    phone = "02633880000"


class BroadcastFactory(DjangoModelFactory):
    """A draft; drive it further with the services."""

    class Meta:
        model = Broadcast

    # A month long past: the codes the services draw belong to the present one.
    code = factory.Sequence(lambda n: f"TB-2001-{n:04d}")
    kind = PostKind.EDUCATION
    title = factory.Sequence(lambda n: f"Bài phát {n}")
    body = "Nội dung bài phát."
    unit = factory.SubFactory(UnitFactory)
    audience = factory.LazyAttribute(lambda broadcast: {"units": [broadcast.unit.code]})
    author = factory.SubFactory(UserFactory)


class DeliveryFactory(DjangoModelFactory):
    """Queued; ``account`` follows the group."""

    class Meta:
        model = Delivery

    broadcast = factory.SubFactory(BroadcastFactory)
    group = factory.SubFactory(GroupFactory, gmf=True)
    account = factory.LazyAttribute(lambda delivery: delivery.group.official_account)
    state = DeliveryState.QUEUED


def add_call(delivery: Delivery, **fields: Any) -> Attempt:
    """One call made for the row; refused unless said otherwise."""
    moment = timezone.now()
    values = {"number": 1, "started_at": moment, "finished_at": moment, "outcome": DeliveryState.REFUSED}
    return Attempt.objects.create(delivery=delivery, **(values | fields))


class TipFactory(DjangoModelFactory):
    """A new anonymous tip; its words are not indexed (``tips.services.intake`` does that)."""

    class Meta:
        model = Tip

    public_id = factory.Sequence(lambda n: f"TIN{n:06d}")
    receipt_digest = factory.Sequence(lambda n: f"{n:064x}")
    channel = SourceChannel.WEB
    category = Category.GAY_ROI
    category_chosen = factory.SelfAttribute("category")
    priority = Priority.P3
    unit = factory.SubFactory(UnitFactory)
    handler = factory.SelfAttribute("unit")
    text = "Hát loa kéo đến một giờ sáng."
    received_at = factory.LazyFunction(lambda: timezone.now().replace(second=0, microsecond=0))
    deadline = factory.LazyFunction(lambda: timezone.now() + timedelta(days=3))


@dataclass(frozen=True)
class Area:
    """What ``make_area`` built. ``commune_c`` lies in ``other_province``."""

    province: Unit
    district: Unit
    commune_a: Unit
    commune_b: Unit
    village_a: Unit
    village_a2: Unit
    village_b: Unit
    other_province: Unit
    commune_c: Unit
    village_c: Unit


def make_area() -> Area:
    """A small country: province 68 > district > communes A, B with villages; province 24 > commune C."""
    province = UnitFactory(province=True, code="68", name="Lâm Đồng")
    district = UnitFactory(district=True, code="D68", name="Sông Đồng", parent=province)
    commune_a = UnitFactory(code="D6801", name="Minh Tân", parent=district)
    commune_b = UnitFactory(code="D6802", name="Bến Đá", kind="phường", parent=district)
    other_province = UnitFactory(province=True, code="24", name="Bắc Ninh")
    commune_c = UnitFactory(code="24001", name="Thạch Bình", parent=other_province)
    return Area(
        province=province,
        district=district,
        commune_a=commune_a,
        commune_b=commune_b,
        village_a=UnitFactory(village=True, code="D680101", name="Trung Hòa", parent=commune_a),
        village_a2=UnitFactory(village=True, code="D680102", name="Đông Phú", parent=commune_a),
        village_b=UnitFactory(village=True, code="D680201", name="Số 5", kind="tổ dân phố", parent=commune_b),
        other_province=other_province,
        commune_c=commune_c,
        village_c=UnitFactory(village=True, code="2400101", name="Xóm Bãi", parent=commune_c),
    )


def make_user(role: str, unit: Unit, *, restricted_circle: bool = False, **fields):
    """A user with one open posting. Roles that work in the admin get ``is_staff``."""
    fields.setdefault("is_staff", role in (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR))
    user = UserFactory(**fields)
    PostingFactory(user=user, unit=unit, role=role, restricted_circle=restricted_circle)
    return user
