"""Pictures of public pages, streamed by a view: a picture is public only as long as its notice or post is."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified

from broadcasts.models import Picture


def picture_response(request: HttpRequest, picture: Picture | None) -> HttpResponseBase:
    """Stream a picture; browsers must ask each time whether they may still show theirs. 404 without one."""
    if picture is None:
        raise Http404
    etag = f'"{picture.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        try:
            response = FileResponse(picture.file.open("rb"), content_type="image/jpeg")
        except FileNotFoundError:
            raise Http404 from None
        # The stored name tells the month and a random word; nobody needs either.
        response["Content-Disposition"] = 'inline; filename="anh.jpg"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Robots-Tag"] = "noindex, noimageindex"
    return response
