"""Compression: public pages and styles, never staff pages, never without being asked."""

import gzip

import pytest
from django.http import FileResponse, HttpResponse
from django.test import RequestFactory

from portal.site.compression import CompressionMiddleware

HTML = ("<p>Báo tin cho công an, an toàn và kín đáo.</p>" * 200).encode()


def ask(path="/", *, response=None, method="get", encoding="gzip, br"):
    made = HttpResponse(HTML) if response is None else response
    request = getattr(RequestFactory(), method)(path, headers={"accept-encoding": encoding})
    return CompressionMiddleware(lambda _request: made)(request)


def test_public_page_is_compressed():
    response = ask()

    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == HTML
    assert int(response["Content-Length"]) == len(response.content) < len(HTML) / 5
    assert "Accept-Encoding" in response["Vary"]


def test_length_of_a_page_varies_at_random():
    assert len({len(ask().content) for _number in range(20)}) > 1


@pytest.mark.parametrize("path", ["/can-bo/", "/admin/", "/tai-khoan/dang-nhap/"])
def test_staff_page_is_left_alone(path):
    assert not ask(path).has_header("Content-Encoding")


@pytest.mark.parametrize("encoding", ["", "br", "identity"])
def test_browser_that_does_not_ask_gets_plain_bytes(encoding):
    response = ask(encoding=encoding)

    assert response.content == HTML and not response.has_header("Content-Encoding")


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(b"ngan"),
        HttpResponse(HTML, status=404),
        HttpResponse(HTML, headers={"Content-Encoding": "br"}),
        HttpResponse(HTML, content_type="image/jpeg"),
    ],
    ids=["short", "not found", "already", "picture"],
)
def test_answer_of_another_kind_is_left_alone(response):
    assert ask(response=response).get("Content-Encoding", "") != "gzip"


def test_picture_stream_is_never_read():
    stream = FileResponse(iter([b"x"]), content_type="text/html")

    assert ask("/truy-na/x/anh.jpg", response=stream).streaming


def test_style_from_disk_is_compressed(client):
    response = client.get("/static/css/tokens.css", headers={"accept-encoding": "gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert b"--teal-900" in gzip.decompress(response.getvalue())
