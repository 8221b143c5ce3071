"""The stub in C and its twin in Python answer alike and count alike."""

import http.client
import json
import re
import shutil
from urllib.parse import urlsplit

import pytest

from bench.stub import StubProcess

FAULTS = {"fail_every": 4, "http500_every": 5, "drop_every": 7}
# They depend on how fast the test is.
TIMES = ("seconds", "max_rps")
MESSAGE = "/v3.0/oa/group/message"


def told(stub: StubProcess) -> list:
    """What a stub says to the same messages, two to each group, to questions about them, and to haste."""
    stub.behave(**FAULTS)
    said = [ask(stub, "POST", MESSAGE, number) for number in range(15)]
    said += [ask(stub, "GET", f"/v3.0/oa/group/conversation?group_id=g{number}") for number in range(8)]
    said.append(ask(stub, "GET", "/elsewhere"))
    said.append({name: count for name, count in stub.stats().items() if name not in TIMES})
    stub.behave(max_rps=1, delay_ms=5)
    said += [ask(stub, "POST", MESSAGE, number) for number in range(2)]
    return said


def ask(stub: StubProcess, method: str, path: str, number: int = 0) -> tuple | None:
    """Status, headers and body of an answer; None for a connection that was closed without one."""
    code = f"TB-2611-{number % 3:04d}"
    text = f"Đính chính TB-2611-9999, TB-1-2\n{code}"
    body = {"recipient": {"group_id": f"g{number // 2}"}, "message": {"text": text}}
    content = json.dumps(body).encode() if method == "POST" else None
    connection = http.client.HTTPConnection(urlsplit(stub.url).netloc, timeout=10)
    try:
        connection.request(method, path, content, {"access_token": f"t{number % 2}"})
        answer = connection.getresponse()
        return answer.status, sorted(answer.getheaders()), readable(answer.read())
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    finally:
        connection.close()


def readable(body: bytes) -> object:
    """The document without the moment it names, or the text where it is none."""
    try:
        return json.loads(re.sub(rb'"time": \d+', b'"time": 0', body))
    except ValueError:
        return body


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_stub_in_c_answers_and_counts_like_its_twin():
    with StubProcess() as in_c, StubProcess(in_python=True) as in_python:
        assert (in_c.language, in_python.language) == ("C", "Python")
        assert told(in_c) == told(in_python)
