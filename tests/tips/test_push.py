"""Web push against a real server: what it gets can be opened with the browser's keys, and says nothing."""

import base64
import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ValidationError
from py_vapid import Vapid

from groups.enums import Role
from portal.audit.models import AuditEntry
from tests.factories import make_user
from tips.models import AlarmCall, PushDevice
from tips.services import devices, push, ringing

pytestmark = pytest.mark.django_db

SECRET = "Có hai người cầm dao đuổi chém nhau ở chợ Minh Tân"


class PushService(ThreadingHTTPServer):
    """A push service of our own: notes what it gets, answers with ``status``."""

    status = 201
    elsewhere = ""

    def __init__(self, context: ssl.SSLContext):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.got: list[tuple[str, dict, bytes]] = []

    @property
    def place(self) -> str:
        return f"localhost:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.elsewhere:
            self.send_header("Location", self.server.elsewhere)
        self.end_headers()

    def log_message(self, *args):
        pass


class Browser:
    """The keys of one subscription, as a browser makes them."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"sixteen bytes 16"

    @property
    def keys(self) -> dict[str, str]:
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"p256dh": _text(point), "auth": _text(self.auth)}

    def opened(self, body: bytes) -> bytes:
        """What a browser would hand to the service worker."""
        return http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("push") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def service(certificate, monkeypatch, settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = PushService(context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    settings.PUSH_HOSTS = [server.place]
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser_keys():
    return Browser()


@pytest.fixture
def device(service, officer, browser_keys):
    address = f"https://{service.place}/push/abc"
    return devices.add(officer, endpoint=address, name="Chrome, Android", **browser_keys.keys)


def test_urgent_tip_rings_the_device_and_tells_it_nothing(submit, service, device, browser_keys, settings):
    tip = submit(text=SECRET)
    ringing.ring(tip.received_at)
    [(path, headers, body)] = service.got
    assert path == "/push/abc"
    assert json.loads(browser_keys.opened(body)) == {"what": "urgent"}
    assert (headers["urgency"], headers["content-encoding"]) == ("high", "aes128gcm")
    token = dict(part.strip().split("=", 1) for part in headers["authorization"][6:].split(","))
    assert token["k"] == settings.VAPID_PUBLIC_KEY
    assert Vapid.verify(f"vapid t={token['t']},k={token['k']}") is not False
    call = AlarmCall.objects.get()
    assert call.pushed_at is not None and call.done_at is not None


@pytest.mark.parametrize("status", [404, 410])
def test_device_that_its_service_no_longer_knows_is_forgotten(service, device, officer, status):
    service.status = status
    assert push.ring([officer.pk]) == {officer.pk: push.NOTHING}
    assert not PushDevice.objects.exists()


@pytest.mark.parametrize("status", [400, 429, 500])
def test_service_in_trouble_is_asked_again(submit, service, device, status):
    service.status = status
    tip = submit(text=SECRET)
    ringing.ring(tip.received_at)
    assert AlarmCall.objects.get().done_at is None and PushDevice.objects.exists()
    service.status = 201
    ringing.ring(tip.received_at + datetime.timedelta(minutes=1))
    assert AlarmCall.objects.get().pushed_at is not None
    assert len(service.got) == 2


def test_redirect_is_not_followed(service, device, officer):
    service.status, service.elsewhere = 307, f"https://{service.place}/elsewhere"
    assert push.ring([officer.pk]) == {officer.pk: push.FAILED}
    assert [path for path, _headers, _body in service.got] == ["/push/abc"]


def test_address_that_is_no_longer_allowed_is_never_asked(service, device, officer, settings):
    settings.PUSH_HOSTS = ["fcm.googleapis.com"]
    push.ring([officer.pk])
    assert service.got == [] and not PushDevice.objects.exists()


def test_without_a_key_nothing_is_pushed(service, device, officer, settings):
    settings.VAPID_PRIVATE_KEY = ""
    assert push.ring([officer.pk]) == {} and service.got == []


def test_dead_service_rings_the_other_device(service, device, officer, settings):
    other = Browser()
    settings.PUSH_HOSTS = [service.place, "localhost:9"]
    devices.add(officer, endpoint="https://localhost:9/push", **other.keys)
    assert push.ring([officer.pk]) == {officer.pk: push.RANG}


@pytest.mark.parametrize(
    "address",
    [
        "http://fcm.googleapis.com/fcm/send/a",
        "https://fcm.googleapis.com.evil.example/a",
        "https://evilfcm.googleapis.com@127.0.0.1/a",
        "https://user:word@fcm.googleapis.com/a",
        "https://fcm.googleapis.com:8443/a",
        "https://127.0.0.1/a",
        "https://127.0.0.7\\.fcm.googleapis.com/x",
        "https://127.0.0.7\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com/x\\y",
        "https://fcm.googleapis.com /x",
        "https://127.0.0.7\t.fcm.googleapis.com/x",
        "https://fcm.googleapis.com/x\ny",
        "https://fcm.googleapis.com:443/x",
        "https://127.0.0.7#.fcm.googleapis.com/x",
        "https://127.0.0.7%2f.fcm.googleapis.com/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a",
        "https://[bad/a",
        "https://fcm.googleapis.com:abc/",
        "ftp://fcm.googleapis.com/a",
        "",
        "https://fcm.googleapis.com/" + "a" * 1000,
    ],
)
def test_address_elsewhere_is_refused(officer, browser_keys, address):
    with pytest.raises(ValidationError):
        devices.add(officer, endpoint=address, **browser_keys.keys)
    assert not PushDevice.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/a",
        "https://updates.push.services.mozilla.com/wpush/v2/a",
        "https://web.push.apple.com/a",
        "https://wns2-sg2p.notify.windows.com/w/?token=a",
    ],
)
def test_services_of_the_four_browsers_are_known(officer, browser_keys, address):
    assert devices.add(officer, endpoint=address, **browser_keys.keys).endpoint == address


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"p256dh": ""}, {"auth": "€€€€"}])
def test_keys_that_are_none_are_refused(officer, browser_keys, keys):
    with pytest.raises(ValidationError):
        devices.add(officer, endpoint="https://fcm.googleapis.com/a", **{**browser_keys.keys, **keys})


def test_browser_belongs_to_who_used_it_last_and_a_person_has_five(area, officer, browser_keys):
    other = make_user(Role.OFFICER, area.commune_a)
    for person in (officer, other):
        devices.add(person, endpoint="https://fcm.googleapis.com/a", **browser_keys.keys)
    assert PushDevice.objects.get().user == other
    for number in range(7):
        devices.add(officer, endpoint=f"https://fcm.googleapis.com/{number}", **browser_keys.keys)
    assert officer.push_devices.count() == devices.MOST_DEVICES


def test_device_of_somebody_else_cannot_be_given_up(area, officer, browser_keys):
    device = devices.add(officer, endpoint="https://fcm.googleapis.com/a", **browser_keys.keys)
    devices.remove(make_user(Role.OFFICER, area.commune_a), device.pk)
    assert PushDevice.objects.exists()
    devices.remove(officer, device.pk)
    assert not PushDevice.objects.exists()


def test_browser_that_changes_hands_is_traced_for_both(officer, area, browser_keys, settings):
    settings.PUSH_HOSTS = ["fcm.googleapis.com"]
    other = make_user(Role.OFFICER, area.commune_b)
    for person in (officer, other, other):
        devices.add(person, endpoint="https://fcm.googleapis.com/fcm/send/a", **browser_keys.keys)
    assert PushDevice.objects.get().user == other
    entries = AuditEntry.objects.filter(action__startswith="tips.device").order_by("id")
    assert [(entry.action.split(".")[-1], entry.actor) for entry in entries] == [
        ("added", officer),
        ("removed", officer),
        ("added", other),
    ]


def test_name_of_a_device_holds_nothing_that_no_database_takes(device, officer, browser_keys):
    again = devices.add(officer, endpoint=device.endpoint, name="Chrome\0, Linux", **browser_keys.keys)
    assert (again.pk, again.name) == (device.pk, "Chrome, Linux")
