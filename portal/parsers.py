"""How bodies of the API are read. Apart from ``portal.api``: REST framework loads it before its own views."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, parsers


class JSONParser(parsers.JSONParser):
    """JSON nested deeper than the interpreter can follow is the client's mistake, not ours."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        """Raises ParseError."""
        try:
            return super().parse(stream, *args, **kwargs)
        except RecursionError:
            raise exceptions.ParseError(_("Nội dung JSON lồng nhau quá sâu.")) from None
