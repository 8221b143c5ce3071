"""Filters of the public pages: telephone links, where a commune lies."""

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from broadcasts.models import Post
from groups.models import Unit
from portal.site.published import post_text
from portal.text import PhoneError, parse_phone

register = template.Library()


@register.filter
def dialled(phone: str) -> str:
    """A number as a ``tel:`` link wants it: digits and a leading plus only."""
    return re.sub(r"(?!^\+)\D", "", phone.strip())


@register.filter
def phone_display(phone: str) -> str:
    """A number as people read it, in groups; what cannot be read stays as it was written."""
    try:
        return parse_phone(phone).display
    except PhoneError:
        return phone


@register.filter
def phone_link(phone: str) -> SafeString | str:
    """A number as a link that dials it."""
    if not phone:
        return ""
    return format_html('<a class="nowrap" href="tel:{}">{}</a>', dialled(phone), phone_display(phone))


@register.filter
def post_excerpt(post: Post) -> str:
    """The text of a post as it is shown under its title."""
    return post_text(post)


@register.filter
def area(unit: Unit) -> str:
    """Where a commune lies: "huyện Sông Đồng, tỉnh Lâm Đồng". Wants ``parent__parent`` selected."""
    names, above = [], unit.parent
    while above is not None:
        names.append(f"{above.full_name[:1].lower()}{above.full_name[1:]}")
        above = above.parent
    return ", ".join(names)


@register.filter
def lines(text: str) -> list[str]:
    """Lines of a text field that holds one item a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]
