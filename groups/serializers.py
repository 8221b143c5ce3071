"""The directory as JSON. Validation here is about form; rules and rights are the services'."""

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from groups.enums import Channel, GroupKind, Level
from groups.links import join_address, letter_address
from groups.models import Group, GroupSize, JoinLink, OfficialAccount, Unit
from groups.services.groups import MOST_MEMBERS


class UnitSerializer(serializers.ModelSerializer):
    """A unit by name; nothing about people."""

    level = serializers.ChoiceField(choices=Level)
    parent = serializers.SlugRelatedField(
        slug_field="code", read_only=True, allow_null=True, help_text=_("Mã đơn vị cấp trên")
    )

    class Meta:
        model = Unit
        fields = ("code", "name", "full_name", "level", "kind", "parent")


class GroupRowSerializer(serializers.ModelSerializer):
    """A group in a list."""

    unit = serializers.SlugRelatedField(slug_field="code", read_only=True, help_text=_("Mã đơn vị"))
    members = serializers.IntegerField(source="members_count")
    households = serializers.IntegerField(source="households_count")
    steward = serializers.SerializerMethodField(help_text=_("Tên đăng nhập của người phụ trách"))

    class Meta:
        model = Group
        fields = (
            "id",
            "unit",
            "name",
            "kind",
            "channel",
            "zalo_group_id",
            "members",
            "households",
            "steward",
        )

    def get_steward(self, group: Group) -> str | None:
        steward = group.steward
        return steward.username if steward else None


class GroupSerializer(GroupRowSerializer):
    """One group, with the absolute addresses of its join page and its letter."""

    join_page = serializers.SerializerMethodField()
    letter = serializers.SerializerMethodField()

    class Meta(GroupRowSerializer.Meta):
        fields = (*GroupRowSerializer.Meta.fields, "join_page", "letter")

    def get_join_page(self, group: Group) -> str | None:
        link = _open_link(group)
        return join_address(link) if link else None

    def get_letter(self, group: Group) -> str | None:
        link = _open_link(group)
        return letter_address(link) if link else None


def _open_link(group: Group) -> JoinLink | None:
    return next((link for link in group.join_links.all() if link.is_open), None)


class NewGroupSerializer(serializers.Serializer):
    """The columns of ``import_groups``."""

    unit_code = serializers.SlugRelatedField(slug_field="code", queryset=Unit.objects.all())
    kind = serializers.ChoiceField(choices=GroupKind)
    name = serializers.CharField(max_length=120)
    channel = serializers.ChoiceField(choices=Channel)
    oa_id = serializers.SlugRelatedField(
        slug_field="oa_id", queryset=OfficialAccount.objects.all(), required=False, allow_null=True
    )
    zalo_group_id = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    join_url = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    steward = serializers.SlugRelatedField(
        slug_field="username", queryset=get_user_model().objects.all(), required=False, allow_null=True
    )

    def to_internal_value(self, data):
        """Empty text stands for "none", as in a CSV file."""
        if isinstance(data, dict):
            empty = {name: None for name in ("oa_id", "steward") if data.get(name) == ""}
            data = {**data, **empty}
        return super().to_internal_value(data)


class GroupSizeSerializer(serializers.ModelSerializer):
    """Members and represented households on a day."""

    date = serializers.DateField(source="day", required=False, help_text=_("Mặc định hôm nay"))
    members = serializers.IntegerField(min_value=0, max_value=MOST_MEMBERS)
    households = serializers.IntegerField(min_value=0, max_value=MOST_MEMBERS, required=False, default=0)

    class Meta:
        model = GroupSize
        fields = ("date", "members", "households")
        # Counting twice a day corrects the first count.
        validators = ()
