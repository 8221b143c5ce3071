"""API of tips: sending and following without an account, triage for those who handle tips.

Every answer is ``no-store``. What a user does not handle is absent from the list and 404 in the detail, the
files and all acts; roles without tips get 403 on every call.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import exceptions, generics, permissions, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tips import permissions as rights
from tips import serializers as shapes
from tips import throttling
from tips.downloads import evidence_response
from tips.enums import SourceChannel
from tips.filters import TipFilter
from tips.models import Tip
from tips.paging import TipPagination
from tips.services import closing, follow, handling, identity, merging, reading, routing, timing
from tips.services.intake import TipDraft, submit_tip
from tips.validators import plain_code

NOT_FOUND = "Không tìm thấy tin với mã này. Xin kiểm tra lại từng ký tự."
# What files are once they are cleaned.
FILE_TYPES = ("image/jpeg", "video/mp4", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg")
# Names of the service's fields where the API has others.
_API_FIELDS = {"coordinates": "lat"}


class WorksWithTips(permissions.BasePermission):
    """Only roles that handle tips; a relay is told so (403) instead of being shown an empty list."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return rights.works_with_tips(request.user)


class TipApi(APIView):
    """What all calls share: no caching, waiting times."""

    permission_classes = [permissions.IsAuthenticated, WorksWithTips]

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, throttling.Throttled):
            wait = exc.wait_seconds
            exc = exceptions.Throttled(wait=wait)
            exc.detail = throttling.Throttled(wait).message
        return super().handle_exception(exc)

    def validated(self, shape: type[shapes.serializers.Serializer], *, drop_empty: bool = False) -> dict:
        """The body in its shape; with ``drop_empty`` an empty field counts as left out."""
        data = self.request.data
        if not isinstance(data, Mapping):
            raise exceptions.ParseError(_("Nội dung gửi phải là một đối tượng JSON."))
        if drop_empty:
            data = {name: value for name, value in data.items() if value not in ("", None)}
        serializer = shape(data=data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def uploads(self) -> list:
        """Files of a multipart body."""
        return self.request.FILES.getlist("files")


class PublicTipApi(TipApi):
    """Calls without an account: whatever token comes along is not even looked at."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)


class TipList(TipApi, generics.ListAPIView):
    """Staff list, and the one public call below it."""

    # What the schema is read off; each request asks for what its person may see.
    queryset = Tip.objects.none()
    serializer_class = shapes.TipRowSerializer
    filterset_class = TipFilter
    pagination_class = TipPagination

    def get_authenticators(self) -> list:
        return [] if self.is_sending else super().get_authenticators()

    def get_permissions(self) -> list:
        return [permissions.AllowAny()] if self.is_sending else super().get_permissions()

    @property
    def is_sending(self) -> bool:
        return getattr(self.request, "method", "GET") == "POST"

    def get_queryset(self):
        return reading.visible_tips(self.request.user).with_text_alone()

    @extend_schema(request=shapes.SubmissionSerializer, responses={201: shapes.SubmittedSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Send a tip."""
        data = self.validated(shapes.SubmissionSerializer, drop_empty=True)
        throttling.check(request, "tip")
        try:
            submission = submit_tip(_draft(data, self.uploads()))
        except ValidationError as error:
            raise ValidationError(
                {_API_FIELDS.get(name, name): messages for name, messages in error.message_dict.items()}
            ) from None
        tip = submission.tip
        answer = {
            "id": tip.public_id,
            "receipt": submission.receipt,
            "status": tip.status,
            "unit": tip.unit.code,
            "handled_by": tip.handler.code,
        }
        return Response(answer, status=status.HTTP_201_CREATED)


def _draft(data: dict[str, Any], files: list) -> TipDraft:
    contact = data.get("contact") or {}
    return TipDraft(
        category=data["category"],
        text=data["text"],
        unit=data["unit"],
        village=data.get("village"),
        place=data.get("place", ""),
        coordinates=(data.get("lat", ""), data.get("lng", "")),
        occurred_at=data.get("occurred_at"),
        contact_name=data.get("contact_name") or contact.get("name") or "",
        contact_phone=data.get("contact_phone") or contact.get("phone") or "",
        files=files,
        broadcast=data.get("broadcast"),
        channel=SourceChannel.API,
    )


def _find(request: Request) -> Tip:
    """The tip of the receipt in the body. Wrong ones are counted; unknown and malformed ones are one 404."""
    throttling.peek(request, "receipt")
    data = request.data if isinstance(request.data, Mapping) else {}
    tip = follow.find(data.get("receipt"))
    if tip is None:
        throttling.count(request, "receipt")
        raise exceptions.NotFound(_(NOT_FOUND))
    return tip


class Follow(PublicTipApi):
    """Reading the answers with a receipt."""

    @extend_schema(request=shapes.ReceiptSerializer, responses=shapes.SenderViewSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Follow a tip."""
        view = follow.sender_view(_find(request))
        return Response(shapes.SenderViewSerializer(view).data)


class FollowMessages(PublicTipApi):
    """Adding to a tip with a receipt."""

    @extend_schema(
        request=shapes.SenderMessageSerializer, responses={201: shapes.SenderViewSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Add a message."""
        tip = _find(request)
        throttling.check(request, "message")
        data = self.validated(shapes.SenderMessageSerializer)
        follow.add_message(tip, text=data["text"], files=self.uploads())
        tip.refresh_from_db()
        view = follow.sender_view(tip)
        return Response(shapes.SenderViewSerializer(view).data, status=status.HTTP_201_CREATED)


class TipDetail(TipApi):
    """One tip; reading it is audited."""

    @extend_schema(responses=shapes.TipSerializer)
    def get(self, request: Request, public_id: str) -> Response:
        """Read a tip."""
        try:
            tip = reading.read_tip(request.user, public_id)
        except Tip.DoesNotExist:
            raise Http404 from None
        return Response(shapes.TipSerializer(tip, context={"request": request}).data)


class AnyAccept(BaseContentNegotiation):
    """A file is what it is, whatever the client says it accepts."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class EvidenceFile(TipApi):
    """A cleaned file of a tip."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, content_type): OpenApiTypes.BINARY for content_type in FILE_TYPES})
    def get(self, request: Request, public_id: str, evidence_id: str) -> HttpResponseBase:
        """Fetch a file."""
        return evidence_response(request, _visible(request, public_id), evidence_id)


def _visible(request: Request, public_id: str) -> Tip:
    tip = reading.by_id(reading.visible_tips(request.user), public_id).first()
    if tip is None:
        raise Http404
    return tip


class TipAct(TipApi):
    """Base of all acts: the tip, the body in its shape, the service, the tip as it is now."""

    shape: type[shapes.serializers.Serializer] = shapes.VersionSerializer

    def post(self, request: Request, public_id: str) -> Response:
        tip = _visible(request, public_id)
        data = dict(self.validated(self.shape))
        return Response(self.perform(tip, actor=request.user, **data))

    def perform(self, tip: Tip, **data: Any) -> dict:
        return self.answer(self.act(tip, **data))

    def act(self, tip: Tip, **data: Any) -> Tip:
        """Call the service."""
        raise AssertionError(f"{type(self).__name__} has no act")

    def answer(self, tip: Tip) -> dict:
        """The tip; for one that just left the user's sight only what a stub may tell."""
        context = {"request": self.request}
        if found := reading.with_thread(reading.visible_tips(self.request.user)).filter(pk=tip.pk).first():
            return shapes.TipSerializer(found, context=context).data
        return shapes.TipRowSerializer(tip, context={**context, "without_content": True}).data


def _act(name: str, summary: str, shape: type, call) -> type[TipAct]:
    """An act whose body is exactly the service's arguments."""

    def act(self, tip: Tip, **data: Any) -> Tip:
        return call(tip, **data)

    view = type(name, (TipAct,), {"shape": shape, "act": act, "__doc__": summary})
    return extend_schema(request=shape, responses=shapes.TipSerializer, summary=summary)(view)


Accept = _act("Accept", "Take a tip.", shapes.VersionSerializer, handling.accept)
Transfer = _act("Transfer", "Pass a tip to another unit.", shapes.TransferSerializer, routing.transfer)
Merge = _act(
    "Merge", "Join a tip with another of the same matter.", shapes.MergeSerializer, merging.merge_by_id
)
Unmerge = _act(
    "Unmerge", "Take a wrongly joined tip out of its case.", shapes.VersionSerializer, merging.unmerge
)
Return = _act(
    "Return",
    "Give a wrongly transferred tip back to the unit it came from.",
    shapes.ReasonSerializer,
    routing.give_back,
)
Refer = _act("Refer", "End a tip that is no police matter.", shapes.ReferSerializer, routing.refer)
Extend = _act("Extend", "Give a tip more time.", shapes.ExtendSerializer, timing.extend)
Close = _act("Close", "End a tip.", shapes.CloseSerializer, closing.close)
Reopen = _act("Reopen", "Take an ended tip up again.", shapes.ReasonSerializer, closing.reopen)


@extend_schema(request=shapes.AssignSerializer, responses=shapes.TipSerializer)
class Assign(TipAct):
    """Give a tip to somebody."""

    shape = shapes.AssignSerializer

    def act(self, tip: Tip, *, actor: Any, version: int, assignee: str) -> Tip:
        user = get_user_model().objects.filter(username=plain_code(assignee), is_active=True).first()
        return handling.assign(tip, actor=actor, version=version, assignee=user)


@extend_schema(request=shapes.ReplySerializer, responses=shapes.TipSerializer)
class Reply(TipAct):
    """Answer the sender."""

    shape = shapes.ReplySerializer

    def act(self, tip: Tip, **data: Any) -> Tip:
        return handling.reply(tip, files=self.uploads(), **data)


@extend_schema(request=shapes.NoteSerializer, responses=shapes.TipSerializer)
class Note(TipAct):
    """Write an internal note."""

    shape = shapes.NoteSerializer

    def act(self, tip: Tip, **data: Any) -> Tip:
        return handling.add_note(tip, files=self.uploads(), **data)


@extend_schema(request=shapes.ReasonSerializer, responses=shapes.RevealedSerializer)
class Reveal(TipAct):
    """Open the contact; the one call that shows it."""

    shape = shapes.ReasonSerializer

    def perform(self, tip: Tip, **data: Any) -> dict:
        return shapes.RevealedSerializer(identity.reveal_contact(tip, **data)).data
