"""Writing down what somebody tells on the phone, at the counter or in a letter."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from groups.enums import Level
from groups.models import Unit
from portal.desk import frame, scope
from portal.desk.access import tips_page
from portal.desk.forms.fields import add_errors
from portal.desk.forms.tips import EnterForm
from tips import receipts
from tips.models import Tip
from tips.services.intake import TipDraft, submit_tip


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@tips_page
def enter(request: HttpRequest) -> HttpResponse:
    """Write down a tip told on the phone or at the counter; its receipt is shown this once."""
    communes, villages = _places(request)
    if request.method != "POST":
        initial = {
            "form_token": receipts.new_form_token(),
            "broadcast": request.GET.get("broadcast", "")[:24],
        }
        form = EnterForm(communes=communes, villages=villages, initial=initial)
        return frame.render(request, "desk/tips/enter.html", {"form": form})
    form = EnterForm(request.POST, request.FILES, communes=communes, villages=villages)
    if form.is_valid():
        try:
            submission = submit_tip(TipDraft(**form.cleaned_data), actor=request.user)
        except ValidationError as error:
            add_errors(form, error)
        else:
            visible = Tip.objects.visible_to(request.user).filter(pk=submission.tip.pk).exists()
            context = {"submission": submission, "tip": submission.tip, "visible": visible}
            return frame.render(request, "desk/tips/entered.html", context)
    if request.FILES:
        messages.warning(request, _("Xin chọn lại tệp kèm theo."))
    return frame.render(request, "desk/tips/enter.html", {"form": form}, status=400)


def _places(request: HttpRequest) -> tuple[list[Unit], list[Unit]]:
    """Communes at or below the desk's unit (or the commune of a village), and villages unless too many."""
    unit = request.desk.unit
    if unit.level == Level.VILLAGE:
        return [unit.parent], [unit]
    communes = list(scope.units(request).communes())
    villages = [] if unit.level == Level.PROVINCE else list(scope.units(request).villages())
    by_pk = {commune.pk: commune for commune in communes}
    for village in villages:
        village.parent = by_pk.get(village.parent_id)
    return communes, [village for village in villages if village.parent is not None]
