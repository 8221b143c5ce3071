"""The API's shapes of sending. Input is checked for type here and for meaning in the services."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from broadcasts.enums import PostKind, Urgency
from broadcasts.models import Broadcast, Delivery
from broadcasts.services.notices import NoticeFields

DAY_FORMATS = ["iso-8601", "%d/%m/%Y"]
RETRIED_STATES = ("queued", "waiting", "unknown")


class JsonOrText(serializers.JSONField):
    """An object; in multipart forms the same object as JSON text."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError:
                self.fail("invalid")
        return super().to_internal_value(data)


class AudienceSerializer(serializers.Serializer):
    """Who receives: groups of ``units`` (of these ``kinds``, when any), plus ``groups``, less ``exclude``."""

    units = serializers.ListField(child=serializers.CharField(), required=False)
    kinds = serializers.ListField(child=serializers.CharField(), required=False)
    groups = serializers.ListField(child=serializers.IntegerField(), required=False)
    exclude = serializers.ListField(child=serializers.IntegerField(), required=False)


class NoticeInput(serializers.Serializer):
    """Fields of a notice; which of them are required depends on the kind of the post."""

    decision_number = serializers.CharField(required=False, allow_blank=True)
    decision_date = serializers.DateField(required=False, allow_null=True, input_formats=DAY_FORMATS)
    agency = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    person_name = serializers.CharField(required=False, allow_blank=True)
    aliases = serializers.CharField(required=False, allow_blank=True)
    birth_date = serializers.DateField(required=False, allow_null=True, input_formats=DAY_FORMATS)
    birth_year = serializers.IntegerField(required=False, allow_null=True)
    gender = serializers.CharField(required=False, allow_blank=True)
    residence = serializers.CharField(required=False, allow_blank=True)
    offence = serializers.CharField(required=False, allow_blank=True)
    features = serializers.CharField(required=False, allow_blank=True)
    review_by = serializers.DateField(required=False, allow_null=True)

    def fields_of(self, photo: Any) -> NoticeFields:
        """The validated fields as the service takes them."""
        return NoticeFields(**self.validated_data, photo=photo)


@extend_schema_field(AudienceSerializer)
class AudienceField(JsonOrText):
    """The rule as it is; ``services.audience`` checks its meaning."""


@extend_schema_field(NoticeInput)
class NoticeField(JsonOrText):
    """Fields of a notice; ``NoticeInput`` checks them."""


class BroadcastInput(serializers.Serializer):
    """What is written. ``media``: at most one picture, uploaded or the id of one we have."""

    title = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    body = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    kind = serializers.ChoiceField(choices=PostKind.choices)
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False)
    audience = AudienceField()
    send_at = serializers.DateTimeField(required=False, allow_null=True)
    recurrence = serializers.CharField(required=False, allow_blank=True, max_length=200)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    notice = NoticeField(required=False, allow_null=True)
    media = serializers.ListField(
        required=False, write_only=True, help_text=_("Một ảnh: tệp, hoặc mã ảnh đã có.")
    )
    form_token = serializers.CharField(required=False, allow_blank=True, max_length=40)


class SubmitInput(serializers.Serializer):
    """``confirm_duplicate``: some groups get the same words twice in a day, and that is meant (else 409)."""

    confirm_duplicate = serializers.BooleanField(default=False)


class ApproveInput(SubmitInput):
    """The version the chief read; with it an approval of anything else is refused (409)."""

    version = serializers.IntegerField(required=False, min_value=1)


class ReasonInput(serializers.Serializer):
    """Why; whether it is required depends on the act."""

    reason = serializers.CharField(required=False, allow_blank=True)


class ResumeInput(serializers.Serializer):
    """``skip_missed``: a repeating post whose hour passed meanwhile waits for its next hour."""

    skip_missed = serializers.BooleanField(default=False)


class ConfirmInput(serializers.Serializer):
    """What a phone may add: a key of its own, by which it may repeat itself, and when it really was.

    A moment ahead of ours counts as now.
    """

    key = serializers.CharField(required=False, allow_blank=True, max_length=40)
    made_at = serializers.DateTimeField(required=False, allow_null=True)
    proof = serializers.FileField(required=False, write_only=True, help_text=_("Ảnh chụp màn hình."))


class SkipInput(ReasonInput, ConfirmInput):
    """Why it is left out."""

    proof = None


class ReachSerializer(serializers.Serializer):
    """What the audience amounts to; ``minutes`` for the slowest account at its limit."""

    groups = serializers.IntegerField()
    members = serializers.IntegerField()
    assisted = serializers.IntegerField()
    minutes = serializers.IntegerField()


class OccurrenceSerializer(serializers.ModelSerializer):
    """One firing of a recurring broadcast."""

    late = serializers.BooleanField(source="is_late")

    class Meta:
        model = Broadcast
        fields = ("id", "code", "due_at", "state", "late")


class WithdrawalSerializer(serializers.ModelSerializer):
    """The correction that took a broadcast back."""

    class Meta:
        model = Broadcast
        fields = ("id", "code", "state")


class BroadcastSerializer(serializers.ModelSerializer):
    """A broadcast as staff see it. ``context["page"]`` holds what is fetched for all rows at once."""

    unit = serializers.CharField(source="unit.code")
    author = serializers.CharField(source="author.username")
    approver = serializers.CharField(source="approver.username", default=None, allow_null=True)
    late = serializers.BooleanField(source="is_late")
    media = serializers.SerializerMethodField()
    notice = serializers.CharField(source="notice.code", default=None, allow_null=True)
    occurrences = OccurrenceSerializer(many=True)
    withdrawal = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    first_sent_at = serializers.SerializerMethodField()
    last_sent_at = serializers.SerializerMethodField()
    tips = serializers.SerializerMethodField()
    first_tip_at = serializers.SerializerMethodField()

    class Meta:
        model = Broadcast
        fields = (
            "id",
            "code",
            "state",
            "kind",
            "urgency",
            "title",
            "body",
            "unit",
            "audience",
            "media",
            "notice",
            "author",
            "approver",
            "reason",
            "send_at",
            "recurrence",
            "expires_at",
            "created_at",
            "approved_at",
            "due_at",
            "started_at",
            "finished_at",
            "late",
            "parent",
            "occurrences",
            "corrects",
            "withdrawal",
            "counts",
            "first_sent_at",
            "last_sent_at",
            "tips",
            "first_tip_at",
            "version",
        )

    def get_media(self, broadcast: Broadcast) -> list[int]:
        return [broadcast.picture_id] if broadcast.picture_id else []

    def get_withdrawal(self, broadcast: Broadcast) -> dict | None:
        correction = getattr(broadcast, "withdrawal", None)
        return WithdrawalSerializer(correction).data if correction else None

    def get_counts(self, broadcast: Broadcast) -> dict[str, int]:
        return self.context["page"].counts[broadcast.pk]

    def get_first_sent_at(self, broadcast: Broadcast) -> str | None:
        return self._moment(self.context["page"].sent_between.get(broadcast.pk, (None, None))[0])

    def get_last_sent_at(self, broadcast: Broadcast) -> str | None:
        return self._moment(self.context["page"].sent_between.get(broadcast.pk, (None, None))[1])

    def get_tips(self, broadcast: Broadcast) -> int:
        return self.context["page"].responses[broadcast.pk].tips

    def get_first_tip_at(self, broadcast: Broadcast) -> str | None:
        return self._moment(self.context["page"].responses[broadcast.pk].first_tip_at)

    def _moment(self, value: Any) -> str | None:
        return serializers.DateTimeField().to_representation(value) if value else None


class BroadcastDetailSerializer(BroadcastSerializer):
    """One broadcast, with its reach."""

    reach = serializers.SerializerMethodField()

    class Meta(BroadcastSerializer.Meta):
        fields = (*BroadcastSerializer.Meta.fields, "reach")

    def get_reach(self, broadcast: Broadcast) -> dict[str, int]:
        return self.context["page"].reach(broadcast).as_dict()


class DeliveryGroupSerializer(serializers.Serializer):
    """The group of a delivery."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.CharField(source="unit.code")


class DeliverySerializer(serializers.ModelSerializer):
    """One broadcast to one group. ``next_attempt_at`` only while the machine will act by itself."""

    group = DeliveryGroupSerializer()
    channel = serializers.CharField(source="group.channel")
    next_attempt_at = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = (
            "id",
            "broadcast",
            "group",
            "channel",
            "state",
            "message_id",
            "attempts",
            "last_error",
            "reason",
            "due_at",
            "next_attempt_at",
            "settled_at",
            "updated_at",
        )

    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        if delivery.state not in RETRIED_STATES:
            return None
        return serializers.DateTimeField().to_representation(delivery.next_attempt_at)
