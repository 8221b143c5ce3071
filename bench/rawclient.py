"""The bare loop the engine is compared with: aiohttp, a fixed number of slots, no database.

``python -m bench.rawclient --url http://127.0.0.1:9300 --count 10000 --conc 100`` prints one JSON object:
``seconds`` from the first call to the last answer, and ``cpu_seconds`` of this process in that time.
"""

import argparse
import asyncio
import json
import sys
import time

import aiohttp

PATH = "/v3.0/oa/group/message"
# As long as a usual post, so that both sides encode and carry the same.
BODY = "Công an xã thông báo đến bà con nội dung cảnh giác lừa đảo qua điện thoại và mạng xã hội. " * 6


async def send_all(url: str, *, count: int, conc: int, code: str) -> float:
    """Send ``count`` messages with ``conc`` calls at once; the seconds it took.

    Raises ``aiohttp.ClientError`` for the first call that fails: a baseline with errors is none.
    """
    numbers = iter(range(count))
    connector = aiohttp.TCPConnector(limit=conc)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def slot() -> None:
            for number in numbers:
                message = {"text": f"{BODY}\n{code}"}
                body = {"recipient": {"group_id": f"raw{number}"}, "message": message}
                async with session.post(url + PATH, json=body, headers={"access_token": "raw"}) as response:
                    response.raise_for_status()
                    json.loads(await response.read())["data"]["message_id"]

        started = time.perf_counter()
        await asyncio.gather(*(slot() for _ in range(conc)))
        return time.perf_counter() - started


def main(arguments: list[str] | None = None) -> int:
    """One measurement."""
    parser = argparse.ArgumentParser(prog="python -m bench.rawclient", description=__doc__.split("\n")[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--conc", type=int, default=100)
    parser.add_argument("--code", default="TB-0000-0000")
    options = parser.parse_args(arguments)
    before = time.process_time()
    seconds = asyncio.run(send_all(options.url, count=options.count, conc=options.conc, code=options.code))
    print(json.dumps({"seconds": seconds, "cpu_seconds": time.process_time() - before}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
