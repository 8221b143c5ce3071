"""What was tried for one row: each call to Zalo, when it was made and what came back."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.desk import frame
from portal.desk.access import writers_page
from portal.desk.views.broadcasts import delivery_of

# A row gives up after far fewer; calls that failed before they left are not counted as tries.
MOST_SHOWN = 100


@require_safe
@writers_page
def index(request: HttpRequest, pk: int) -> HttpResponse:
    """The calls of one row, the last one first."""
    row = delivery_of(request, pk)
    calls = row.calls.order_by("-pk")[:MOST_SHOWN]
    return frame.render(request, "desk/broadcasts/calls.html", {"row": row, "calls": calls})
