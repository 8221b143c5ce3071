"""Forms of the pages for people."""

from urllib.parse import urlsplit

from aiohttp import web


async def read_form(request: web.Request) -> dict:
    """The form, unless another site's page sent it: the simulator has no log-in to protect it otherwise."""
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="other origin")
    return dict(await request.post())
