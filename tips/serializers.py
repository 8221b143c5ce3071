"""Tips as JSON: what comes in from senders and officers, what goes out. A contact never goes out."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiTypes, extend_schema_field
from rest_framework import serializers

from tips.enums import OPEN, RESTRICTED, Authority, MessageKind, Priority
from tips.models import Evidence, Message, Tip, TipEvent
from tips.outcomes import MOST_MATTERS, MOST_PROPERTY, Results
from tips.services.follow import POLICE, SENDER
from tips.services.reading import hide_unseen

SUMMARY_CHARACTERS = 80


class ContactSerializer(serializers.Serializer):
    """The sender, if they want to be known."""

    name = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    phone = serializers.CharField(required=False, allow_blank=True, allow_null=True)


@extend_schema_field(OpenApiTypes.STR)
class LooseField(serializers.Field):
    """A value that is never a reason to lose a tip: the service drops what means nothing."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class SubmissionSerializer(serializers.Serializer):
    """A tip as sent; its values are checked by the service, here only their shape."""

    category = serializers.CharField()
    text = serializers.CharField(trim_whitespace=False)
    unit = serializers.CharField()
    village = serializers.CharField(required=False)
    place = serializers.CharField(required=False)
    lat = serializers.CharField(required=False)
    lng = serializers.CharField(required=False)
    occurred_at = serializers.DateTimeField(required=False)
    contact = ContactSerializer(required=False)
    contact_name = serializers.CharField(required=False)
    contact_phone = serializers.CharField(required=False)
    broadcast = LooseField(required=False)


class SubmittedSerializer(serializers.Serializer):
    """What the sender gets: the receipt appears here and nowhere else."""

    id = serializers.CharField()
    receipt = serializers.CharField()
    status = serializers.CharField()
    unit = serializers.CharField()
    handled_by = serializers.CharField()


class ReceiptSerializer(serializers.Serializer):
    """What opens a tip for its sender."""

    receipt = serializers.CharField()


class SenderMessageSerializer(ReceiptSerializer):
    """Something the sender adds; files come as multipart."""

    text = serializers.CharField()


class SenderThreadSerializer(serializers.Serializer):
    """One message as the sender sees it: ``from`` is sender or police."""

    text = serializers.CharField()
    at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": serializers.CharField(source="sender"), **super().get_fields()}


class SenderViewSerializer(serializers.Serializer):
    """A tip as its sender sees it."""

    id = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    messages = SenderThreadSerializer(many=True)
    files = serializers.IntegerField()


class TipRowSerializer(serializers.ModelSerializer):
    """A row of the staff list."""

    id = serializers.CharField(source="public_id")
    priority = serializers.SerializerMethodField()
    unit = serializers.CharField(source="unit.code")
    handled_by = serializers.CharField(source="handler.code")
    village = serializers.CharField(source="village.code", default=None, allow_null=True)
    summary = serializers.SerializerMethodField()
    assignee = serializers.CharField(source="assignee.username", default=None, allow_null=True)
    overdue = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()
    valuable = serializers.BooleanField(source="is_valuable")
    broadcast = serializers.CharField(source="broadcast.code", default=None, allow_null=True)

    class Meta:
        model = Tip
        fields = (
            *("id", "channel", "category", "priority", "unit", "handled_by", "village", "summary"),
            *("received_at", "status", "assignee", "deadline", "overdue", "outcome", "valuable"),
            *("broadcast", "version"),
        )
        read_only_fields = fields

    def get_priority(self, tip: Tip) -> str:
        return Priority(tip.priority).name

    def get_summary(self, tip: Tip) -> str:
        if tip.category in RESTRICTED or self.context.get("without_content"):
            return ""
        return " ".join(tip.text.split())[:SUMMARY_CHARACTERS]

    def get_overdue(self, tip: Tip) -> bool:
        return tip.status in OPEN and tip.deadline is not None and tip.deadline < timezone.now()

    def get_outcome(self, tip: Tip) -> str | None:
        return tip.outcome or None


class EvidenceSerializer(serializers.ModelSerializer):
    """A file: where to fetch it, never what it was called."""

    id = serializers.CharField(source="public_id")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Evidence
        fields = ("id", "kind", "size", "url")
        read_only_fields = fields

    def get_url(self, evidence: Evidence) -> str:
        path = reverse("tips-api:evidence", args=(evidence.tip.public_id, evidence.public_id))
        request = self.context.get("request")
        return request.build_absolute_uri(path) if request else path


class MessageSerializer(serializers.ModelSerializer):
    """A message for staff: notes too, with their authors."""

    author = serializers.CharField(source="author.username", default=None, allow_null=True)
    files = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = ("kind", "author", "text", "at", "files")
        read_only_fields = fields

    def get_files(self, message: Message) -> list[str]:
        return [evidence.public_id for evidence in message.evidence.all()]

    def to_representation(self, message: Message) -> dict[str, Any]:
        side = POLICE if message.author_id or message.kind == MessageKind.NOTE else SENDER
        return {"from": side, **super().to_representation(message)}


class EventSerializer(serializers.ModelSerializer):
    """A step of the time line."""

    label = serializers.CharField(source="get_kind_display")
    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)

    class Meta:
        model = TipEvent
        fields = ("kind", "label", "actor", "at", "note", "data")
        read_only_fields = fields


class TipSerializer(TipRowSerializer):
    """One tip with everything that hangs on it, except who sent it."""

    messages = MessageSerializer(many=True)
    evidence = EvidenceSerializer(many=True)
    events = EventSerializer(many=True)
    lat = serializers.SerializerMethodField()
    lng = serializers.SerializerMethodField()

    class Meta(TipRowSerializer.Meta):
        fields = (
            *TipRowSerializer.Meta.fields,
            *("text", "place", "lat", "lng", "occurred_at", "messages", "evidence", "events"),
            *("public_reason", "valuable_reason"),
        )
        read_only_fields = fields

    def to_representation(self, tip: Tip) -> dict[str, Any]:
        hide_unseen(self.context["request"].user, tip)
        return super().to_representation(tip)

    def get_lat(self, tip: Tip) -> float | None:
        return float(tip.coordinates.split(",")[0]) if tip.coordinates else None

    def get_lng(self, tip: Tip) -> float | None:
        return float(tip.coordinates.split(",")[1]) if tip.coordinates else None


class VersionSerializer(serializers.Serializer):
    """Every act names the version it was decided on."""

    version = serializers.IntegerField(min_value=1)


class AssignSerializer(VersionSerializer):
    assignee = serializers.CharField()


class ReplySerializer(VersionSerializer):
    """Files come as multipart. An ``interim`` answer leaves the tip being verified."""

    text = serializers.CharField(trim_whitespace=False)
    interim = serializers.BooleanField(default=False)


class NoteSerializer(VersionSerializer):
    """``@username`` names a colleague; files come as multipart."""

    text = serializers.CharField(trim_whitespace=False)


class TransferSerializer(VersionSerializer):
    unit = serializers.CharField()
    reason = serializers.CharField()


class ReferSerializer(VersionSerializer):
    authority = serializers.ChoiceField(choices=Authority.choices)
    reason = serializers.CharField()


class MergeSerializer(VersionSerializer):
    into = serializers.CharField()


class ExtendSerializer(VersionSerializer):
    deadline = serializers.DateTimeField()
    reason = serializers.CharField()


class CloseSerializer(VersionSerializer):
    outcome = serializers.CharField()
    public_reason = serializers.CharField()
    note = serializers.CharField(required=False, allow_blank=True, default="")
    valuable = serializers.BooleanField(required=False, allow_null=True, default=None)
    valuable_reason = serializers.CharField(required=False, allow_blank=True, allow_null=True, default="")
    matters = serializers.IntegerField(required=False, min_value=0, max_value=MOST_MATTERS, default=0)
    people = serializers.IntegerField(required=False, min_value=0, max_value=MOST_MATTERS, default=0)
    property_value = serializers.IntegerField(required=False, min_value=0, max_value=MOST_PROPERTY, default=0)

    def validate(self, attrs: dict) -> dict:
        """The three numbers reach the service as one value."""
        results = Results(**{name: attrs.pop(name) for name in ("matters", "people", "property_value")})
        return {**attrs, "results": results}


class ReasonSerializer(VersionSerializer):
    reason = serializers.CharField()


class RevealedSerializer(serializers.Serializer):
    """The contact, for the quarter of an hour it may be shown."""

    name = serializers.CharField()
    phone = serializers.CharField()
    until = serializers.DateTimeField()
