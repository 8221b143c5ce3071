"""Files of private messages: fetched from Zalo only, cleaned like uploads, and never lost in silence."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from PIL import Image

from groups.models import OfficialAccount
from groups.services import inbox, signers
from groups.zalo import fake, media
from groups.zalo.simulator.records import Upload
from groups.zalo.simulator.server import SimulatorThread
from groups.zalo.simulator.state import World
from tests.factories import OfficialAccountFactory, make_area
from tests.groups.webhooks import new_id, post, private
from tests.tips.media import SECRET, picture_with_gps
from tips.enums import EvidenceKind, MessageKind
from tips.evidence import open_evidence
from tips.models import Evidence, Message, Tip, ZaloFile
from tips.services import zalo_files

pytestmark = pytest.mark.django_db
PICTURE = picture_with_gps()


@pytest.fixture(autouse=True)
def _zalo(settings):
    settings.ZALO_CLIENT = "groups.zalo.fake.FakeZalo"
    fake.world.reset()
    signers.forget()


@pytest.fixture
def account() -> OfficialAccount:
    return OfficialAccountFactory(unit=make_area().commune_a)


@pytest.fixture
def simulator(settings) -> Iterator[SimulatorThread]:
    world = World(seed=1)
    world.uploads["anh"] = Upload("", PICTURE, "image/jpeg", 0)
    with SimulatorThread(world) as thread:
        settings.DEBUG, settings.ZALO_API_URL = True, thread.url
        yield thread


def send(account: OfficialAccount, url: str, *, kind: str = "image", text: str = "") -> None:
    attachment = {"type": kind, "payload": {"url": url, "thumbnail": url}}
    message = {"msg_id": new_id(), "text": text, "attachments": [attachment]}
    body = private(account, "", event_name=f"user_send_{kind}", message=message)
    assert post(body).status_code == 200
    assert inbox.process_due() == 1


def notes() -> list[str]:
    return [message.text for message in Message.objects.filter(kind=MessageKind.NOTE)]


def try_until_settled() -> int:
    """Fetch, with all pauses left out; returns the number of tries."""
    tries = 0
    while ZaloFile.objects.exists():
        ZaloFile.objects.update(due_at=timezone.now())
        zalo_files.fetch_due()
        tries += 1
    return tries


def test_picture_is_fetched_cleaned_and_hangs_on_the_tip(account, simulator):
    send(account, f"{simulator.url}/media/anh", text="Xe đua ở cầu Bến Đá")
    assert zalo_files.fetch_due() == 1
    evidence = Evidence.objects.get()
    assert (evidence.tip, evidence.message, evidence.kind) == (Tip.objects.get(), None, EvidenceKind.IMAGE)
    content = b"".join(open_evidence(evidence))
    assert Image.open(io.BytesIO(content)).size == (64, 48) and SECRET not in content
    assert not ZaloFile.objects.exists() and not notes()


def test_picture_that_follows_hangs_on_its_own_message(account, simulator):
    send(account, f"{simulator.url}/media/anh", text="Xe đua ở cầu Bến Đá")
    send(account, f"{simulator.url}/media/anh", text="Ảnh nữa đây")
    before = Tip.objects.get().version
    assert zalo_files.fetch_due() == 2
    assert {file.message and file.message.text[:8] for file in Evidence.objects.all()} == {None, "Ảnh nữa "}
    assert Tip.objects.get().version == before + 2


@pytest.mark.parametrize("fault", ["media_missing", "media_expired", "media_wrong_type", "media_redirect"])
def test_file_that_cannot_be_had_is_noted_for_officers_at_once(account, simulator, fault):
    simulator.control("POST", "faults", {"kind": fault})
    send(account, f"{simulator.url}/media/anh", text="Xe đua ở cầu Bến Đá")
    assert zalo_files.fetch_due() == 0
    assert not Evidence.objects.exists() and not ZaloFile.objects.exists()
    assert ["chưa tải được" in note for note in notes()] == [True]


def test_endless_file_is_cut_off_and_noted(account, simulator, settings):
    settings.TIP_IMAGE_MAX_MB = settings.TIP_VIDEO_MAX_MB = settings.TIP_AUDIO_MAX_MB = 1
    simulator.control("POST", "faults", {"kind": "media_huge"})
    send(account, f"{simulator.url}/media/anh")
    assert zalo_files.fetch_due() == 0 and len(notes()) == 1


def test_slow_file_is_tried_again_later_and_then_noted(account, simulator, monkeypatch):
    monkeypatch.setattr(media, "TOTAL_SECONDS", 0.3)
    simulator.control("POST", "faults", {"kind": "media_slow", "times": 50})
    send(account, f"{simulator.url}/media/anh")
    assert zalo_files.fetch_due() == 0 and not notes()
    due_in = ZaloFile.objects.get().due_at - timezone.now()
    assert timedelta(seconds=50) < due_in <= timedelta(minutes=1)
    assert try_until_settled() == 3 and len(notes()) == 1


def test_host_that_was_away_gives_the_file_later(account, simulator, monkeypatch):
    monkeypatch.setattr(media, "TOTAL_SECONDS", 0.3)
    simulator.control("POST", "faults", {"kind": "media_slow", "times": 1})
    send(account, f"{simulator.url}/media/anh")
    zalo_files.fetch_due()
    monkeypatch.undo()
    ZaloFile.objects.update(due_at=timezone.now())
    assert zalo_files.fetch_due() == 1 and Evidence.objects.count() == 1


def test_file_that_kills_its_worker_is_given_up(account, simulator):
    send(account, f"{simulator.url}/media/anh")
    ZaloFile.objects.update(attempts=4)
    assert zalo_files.fetch_due() == 0
    assert not ZaloFile.objects.exists() and len(notes()) == 1


def test_simulators_address_is_open_in_development_only(account, simulator, settings):
    settings.DEBUG = False
    send(account, f"{simulator.url}/media/anh")
    assert zalo_files.fetch_due() == 0 and len(notes()) == 1


def test_address_is_encrypted_and_goes_with_an_erased_tip(account, simulator):
    send(account, f"{simulator.url}/media/anh")
    Tip.objects.update(erased_at=timezone.now())
    assert zalo_files.fetch_due() == 0
    assert not Evidence.objects.exists() and not ZaloFile.objects.exists() and not notes()


def test_stickers_links_places_and_strange_addresses_are_not_fetched(account):
    for kind in ("link", "location"):
        send(account, "https://photo.zdn.vn/a.jpg", kind=kind, text="Xe đua ở cầu Bến Đá")
    send(account, 5, text="Xe đua ở cầu Bến Đá")
    send(account, "https://photo.zdn.vn/" + "a" * 3000)
    assert not ZaloFile.objects.exists()


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://zdn.vn/a", True),
        ("https://photo-1.ZDN.vn./a?b=c", True),
        ("https://photo.zdn.vn:443/a", True),
        ("http://photo.zdn.vn/a", False),
        ("https://photo.zdn.vn:8443/a", False),
        ("https://zdn.vn.evil.example/a", False),
        ("https://evilzdn.vn/a", False),
        ("https://zdn.vn@evil.example/a", False),
        ("https://a@photo.zdn.vn/a", False),
        ("https://evil.example\\@zdn.vn/a", False),
        ("https://evil.example#.zdn.vn", False),
        ("https://127.0.0.1/a", False),
        ("https://[::1]/a", False),
        ("https://zdn.vn:x/a", False),
        ("file:///etc/passwd", False),
        ("//zdn.vn/a", False),
        ("", False),
    ],
)
def test_only_https_addresses_of_the_listed_hosts_are_opened(url, is_allowed):
    assert media.is_allowed(url, ["zdn.vn"]) == is_allowed


@pytest.mark.parametrize(
    ("address", "is_public"),
    [("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False)]
    + [("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("x", False)],
)
def test_public_addresses_are_told_from_ours(address, is_public):
    assert media.is_public(address) == is_public


def test_listed_host_that_resolves_to_us_is_not_opened():
    with pytest.raises(media.MediaWaits):
        async_to_sync(media.fetch)("https://localhost/a", io.BytesIO(), hosts=["localhost"], most_bytes=9)
