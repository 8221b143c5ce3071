"""Tips with a photo at a steady pace, whatever the portal answers: who sends does not wait for the others.

Each tip comes from a network of its own, opens the form and sends it with the photo as a browser does. Time
runs from the moment the tip was due, so that a portal that falls behind cannot hide it.
"""

import asyncio
import io
import time
from dataclasses import dataclass, field

from PIL import Image

from bench.visitors import COOKIE, COOKIE_NAME, HIDDEN, Browser, Target

SIZE = (4032, 3024)
# Grain as of a phone at night makes two megabytes of twelve megapixels.
GRAIN, QUALITY = 24, 72
BOUNDARY = "-----------------------------bench"


@dataclass
class Offered:
    """What became of the tips of one run. Times in seconds, from when a tip was due."""

    answers: list[float] = field(default_factory=list)
    refused: int = 0
    errors: int = 0
    seconds: float = 0.0
    example: bytes = b""

    @property
    def accepted(self) -> int:
        return len(self.answers) - self.refused


def photo() -> bytes:
    """A JPEG of twelve megapixels and some two megabytes."""
    shade = Image.linear_gradient("L").resize(SIZE)
    picture = Image.merge("YCbCr", (Image.blend(shade, Image.effect_noise(SIZE, GRAIN), 0.5), shade, shade))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def offer(target: Target, picture: bytes, *, rate: float, seconds: float, first: int) -> Offered:
    """Send ``rate`` tips a second for ``seconds``, numbered from ``first``."""
    return asyncio.run(_offer(target, picture, rate, seconds, first))


async def _offer(target: Target, picture: bytes, rate: float, seconds: float, first: int) -> Offered:
    offered, started = Offered(), time.perf_counter()
    async with asyncio.TaskGroup() as senders:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(due - time.perf_counter())
            senders.create_task(_send(target, picture, offered, first + number, due))
    offered.seconds = time.perf_counter() - started
    return offered


async def _send(target: Target, picture: bytes, offered: Offered, number: int, due: float) -> None:
    browser = Browser(target.port)
    try:
        status, answer = await _visit(browser, target, picture, number)
    except (OSError, EOFError) as error:
        offered.errors += 1
        offered.example = offered.example or repr(error).encode()
        return
    finally:
        browser.close()
    offered.answers.append(time.perf_counter() - due)
    if not target.is_accepted(status, answer):
        offered.refused += 1
        offered.example = offered.example or b"%d " % status + answer


async def _visit(browser: Browser, target: Target, picture: bytes, number: int) -> tuple[int, bytes]:
    address = f"X-Forwarded-For: fd00:{number >> 16:x}:{number & 0xFFFF:x}::1\r\n"
    _status, head, page = await browser.ask("GET", target.path, address)
    cookie = COOKIE.search(head)
    hidden = {name.decode(): value.decode() for name, value in HIDDEN.findall(page)}
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    headers = f"{address}Cookie: {COOKIE_NAME}={cookie[1].decode() if cookie else ''}\r\n{kind}"
    body = multipart({**hidden, **target.fill(number)}, picture)
    status, _head, answer = await browser.ask("POST", target.path, headers, body)
    return status, answer


def multipart(values: dict[str, str], picture: bytes) -> bytes:
    """A form with one photo, as a browser sends it."""
    opening = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    words = "".join(f'{opening}{name}"\r\n\r\n{value}\r\n' for name, value in values.items())
    file = f'{opening}files"; filename="IMG_0001.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return b"".join((words.encode(), file.encode(), picture, f"\r\n--{BOUNDARY}--\r\n".encode()))
