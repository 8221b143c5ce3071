"""Files that a worker scans and cleans: what waits, what is found, what dies on the way; nothing is lost."""

import io
import struct
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.crypto.sealed import unseal
from tests.hung import HungProgram
from tests.tips import clamd, media
from tests.waiting import wait_for
from tips import evidence, tasks
from tips.enums import EvidenceState
from tips.evidence import intake as evidence_intake
from tips.evidence import recordings, scanner
from tips.evidence.storage import read
from tips.models import Evidence, Original, Tip
from tips.services import erasing, evidence_work, follow

pytestmark = pytest.mark.django_db

# Looks like a picture to the first glance and breaks when it is decoded.
BROKEN = media.picture(size=(640, 480))[:900]


def photo(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", data or media.picture_with_gps())


def stored(settings) -> list[bytes]:
    return [path.read_bytes() for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def plain(file: Evidence) -> bytes:
    return b"".join(evidence.open_evidence(file))


@pytest.fixture
def scanning(settings):
    with clamd.running() as server:
        settings.CLAMAV_ADDRESS = server.address
        yield server


@pytest.fixture
def crowd(monkeypatch):
    """Somebody else's photo is being cleaned in this process just now."""
    with evidence_intake._cleaning_here:
        yield


def make_due() -> None:
    Evidence.objects.exclude(due_at=None).update(due_at=timezone.now())


def original_of(file: Evidence) -> bytes:
    """The original, opened as only a process with the identity key can."""
    import base64

    key = base64.b64encode(unseal(file.original.sealed_key)).decode()
    return b"".join(read(file.original.path, key))


def test_single_photo_is_clean_when_its_sender_reads_the_answer(submit):
    data = media.picture_with_gps()
    file = submit(files=[photo(data)]).evidence.get()
    assert (file.state, file.due_at) == (EvidenceState.READY, None)
    assert media.SECRET not in plain(file)
    assert original_of(file) == data


def test_photo_in_a_crowd_waits_encrypted_and_is_cleaned_by_a_worker(submit, settings, crowd):
    data = media.picture_with_gps()
    file = submit(files=[photo(data)]).evidence.get()
    assert (file.state, file.path, file.is_ready) == (EvidenceState.CLEANING, "", False)
    assert file.note == "Đang xử lý"
    assert all(raw.startswith(b"PEF1") and media.SECRET not in raw for raw in stored(settings))
    assert evidence_work.work_on_due() == 1
    file = Evidence.objects.get()
    assert (file.state, file.due_at, file.content_type) == (EvidenceState.READY, None, "image/jpeg")
    assert media.SECRET not in plain(file)
    assert file.original.data_key is None and original_of(file) == data


def test_files_behind_a_queue_join_it(submit, settings, draft):
    with evidence_intake._cleaning_here:
        submit(files=[photo()])
    submit(files=[photo()])
    assert Evidence.objects.filter(state=EvidenceState.CLEANING).count() == 2
    assert evidence_work.work_on_due() == 2
    submit(files=[photo()])
    assert Evidence.objects.filter(state=EvidenceState.READY).count() == 3


def test_web_process_cannot_open_the_original_of_a_cleaned_file(submit, settings):
    from portal.crypto.errors import NoPrivateKeyError

    file = submit(files=[photo()]).evidence.get()
    settings.IDENTITY_PRIVATE_KEY = ""
    with pytest.raises(NoPrivateKeyError):
        original_of(file)
    assert file.original.data_key is None


def test_both_hashes_are_those_of_the_bytes(submit):
    import hashlib

    data = media.picture_with_gps()
    file = submit(files=[photo(data)]).evidence.get()
    assert file.original_sha256 == hashlib.sha256(data).hexdigest()
    assert file.sha256 == hashlib.sha256(plain(file)).hexdigest()


def test_originals_can_be_switched_off(submit, settings):
    settings.KEEP_ORIGINALS = False
    submit(files=[photo()])
    with evidence_intake._cleaning_here:
        submit(files=[photo()])
    assert Original.objects.count() == 1  # waits for the worker
    assert evidence_work.work_on_due() == 1
    assert not Original.objects.exists()
    assert Evidence.objects.filter(state=EvidenceState.READY).count() == 2


def test_switched_off_originals_leave_the_disk(submit, settings, django_capture_on_commit_callbacks):
    settings.KEEP_ORIGINALS = False
    with django_capture_on_commit_callbacks(execute=True), evidence_intake._cleaning_here:
        submit(files=[photo()])
    with django_capture_on_commit_callbacks(execute=True):
        evidence_work.work_on_due()
    assert len(stored(settings)) == 1


def test_broken_photo_is_refused_at_once_when_there_is_time(draft, submit, settings):
    with pytest.raises(ValidationError, match="Tệp thứ 1: Tệp bị lỗi"):
        submit(files=[photo(BROKEN)])
    assert not Tip.objects.exists() and stored(settings) == []


def test_broken_photo_in_a_crowd_costs_nobody_the_text(
    submit, settings, crowd, django_capture_on_commit_callbacks
):
    tip = submit(files=[photo(BROKEN)])
    with django_capture_on_commit_callbacks(execute=True):
        evidence_work.work_on_due()
    file = tip.evidence.get()
    assert (file.state, file.due_at) == (EvidenceState.REFUSED, None)
    assert file.note == "Tệp bị lỗi, không đọc được. Xin chọn tệp khác."
    assert not Original.objects.exists() and stored(settings) == []
    assert Tip.objects.get().text == tip.text
    assert follow.sender_view(tip).file_notes == [f"Ảnh 1: {file.note}"]


def test_what_is_of_no_kind_is_refused_before_the_crowd(submit, crowd):
    with pytest.raises(ValidationError, match="Chỉ nhận ảnh"):
        submit(files=[photo(media.PDF)])


def test_worker_whose_minute_is_over_goes_on_at_once(submit, crowd, monkeypatch):
    submit(files=[photo(), photo()])
    asked = []
    monkeypatch.setattr(tasks, "hint", asked.append)
    # A minute that is long enough for one file.
    monkeypatch.setattr(
        evidence_work, "_work_until", lambda _end: evidence_work._work(evidence_work._claim())
    )
    tasks.work_on_evidence()
    assert asked == [tasks.work_on_evidence]
    tasks.work_on_evidence()
    assert len(asked) == 1 and not Evidence.objects.exclude(state=EvidenceState.READY).exists()


def test_worker_that_died_loses_nothing(submit, crowd):
    submit(files=[photo()])
    assert evidence_work._claim() is not None
    assert evidence_work.work_on_due() == 0  # another worker holds it, as far as anyone knows
    make_due()
    assert evidence_work.work_on_due() == 1
    assert Evidence.objects.get().is_ready


def test_late_worker_leaves_no_second_copy(submit, settings, crowd):
    submit(files=[photo()])
    late = evidence_work._claim()
    make_due()
    evidence_work.work_on_due()
    assert evidence_work._clean(late) is False
    assert len(stored(settings)) == 2  # one copy, one original


@pytest.mark.parametrize("keep", [True, False])
def test_file_that_kills_its_workers_is_put_aside_with_its_original(submit, settings, crowd, keep):
    settings.KEEP_ORIGINALS = keep
    data = media.picture_with_gps()
    submit(files=[photo(data)])
    for _attempt in range(evidence_work.MAX_ATTEMPTS):
        evidence_work._claim()
        make_due()
    assert evidence_work.work_on_due() == 1
    file = Evidence.objects.get()
    assert (file.state, file.due_at) == (EvidenceState.FAILED, None)
    assert original_of(file) == data


def test_film_that_ffmpeg_never_ends_with_is_put_aside_and_holds_up_no_other(submit, tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "CLEAN_SECONDS", 1)
    program = HungProgram(tmp_path)
    monkeypatch.setattr(recordings, "_ffmpeg", lambda: str(program.path))
    data = media.film(tmp_path)
    tip = submit(files=[SimpleUploadedFile("a.mp4", data), photo()])
    film, picture = tip.evidence.order_by("pk")
    assert (film.state, film.attempts) == (EvidenceState.CLEANING, 0)
    for attempt in range(evidence_work.MAX_ATTEMPTS):
        make_due()
        assert evidence_work.work_on_due() == (attempt == 0 and not picture.is_ready)
        assert follow.sender_view(tip).file_notes == ["Video 1: Đang xử lý"]
    make_due()
    assert evidence_work.work_on_due() == 1
    film.refresh_from_db()
    assert (film.state, film.due_at, film.note) == (
        EvidenceState.FAILED,
        None,
        "Máy chủ chưa xử lý được tệp này.",
    )
    assert original_of(film) == data and tip.evidence.get(pk=picture.pk).is_ready
    assert len(program.started()) == 2 * (1 + evidence_work.MAX_ATTEMPTS)
    wait_for(lambda: not program.running(), 5, what="the end of every ffmpeg")


def test_file_waits_for_a_full_disk_however_long(submit, settings, crowd, monkeypatch):
    submit(files=[photo()])

    def full(stream):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(evidence_work, "store", full)
        for _attempt in range(evidence_work.MAX_ATTEMPTS + 2):
            assert evidence_work.work_on_due() == 0
            make_due()
    assert evidence_work.work_on_due() == 1
    assert Evidence.objects.get().is_ready


def test_tip_erased_while_its_file_is_cleaned_leaves_nothing(
    submit, settings, crowd, django_capture_on_commit_callbacks
):
    tip = submit(files=[photo()])
    claimed = evidence_work._claim()
    raw = b"".join(read(claimed.original.path, claimed.original.data_key))
    with django_capture_on_commit_callbacks(execute=True):
        assert erasing.erase_content(tip, timezone.now(), source="Thử")
    copy, values = evidence_work._clean_copy(io.BytesIO(raw))
    assert evidence_work._settle(claimed, EvidenceState.READY, **values) is False
    evidence.unlink([copy.path])
    assert stored(settings) == [] and not Original.objects.exists()


def test_clean_file_is_scanned_first(submit, scanning):
    data = media.picture_with_gps()
    tip = submit(files=[photo(data)])
    assert tip.evidence.get().note == "Đang quét mã độc"
    assert follow.sender_view(tip).file_notes == ["Ảnh 1: Đang quét mã độc"]
    assert evidence_work.work_on_due() == 1
    assert scanning.scanned == [data]
    assert tip.evidence.get().is_ready and follow.sender_view(tip).file_notes == []


def test_found_file_is_quarantined_and_its_sender_told(submit, settings, scanning):
    tip = submit(files=[photo(media.picture() + clamd.EICAR)])
    assert evidence_work.work_on_due() == 1
    file = tip.evidence.get()
    assert (file.state, file.finding) == (EvidenceState.QUARANTINED, "Eicar-Test-Signature")
    assert file.path == "" and file.original.data_key is None
    assert "mã độc" in follow.sender_view(tip).file_notes[0]
    assert Tip.objects.get().text == tip.text


def test_files_wait_for_a_scanner_that_is_down_however_long(submit, settings):
    settings.CLAMAV_ADDRESS = "127.0.0.1:9"
    tip = submit(files=[photo()])
    for _attempt in range(evidence_work.MAX_ATTEMPTS + 3):
        assert evidence_work.work_on_due() == 0
        make_due()
    file = tip.evidence.get()
    assert (file.state, file.is_waiting) == (EvidenceState.SCANNING, True)
    with clamd.running() as server:
        settings.CLAMAV_ADDRESS = server.address
        assert evidence_work.work_on_due() == 1
    assert tip.evidence.get().is_ready


def test_scanner_answers_over_a_unix_socket(settings, tmp_path):
    with clamd.running(tmp_path / "s") as server:
        settings.CLAMAV_ADDRESS = server.address
        assert scanner.scan([b"abc", b"", b"def"]) == ""
        assert scanner.scan([clamd.EICAR[:20], clamd.EICAR[20:]]) == "Eicar-Test-Signature"
        assert server.scanned[0] == b"abcdef"


def test_scanner_that_takes_no_more_gives_no_verdict(scanning, settings):
    scanning.limit = 100
    with pytest.raises(scanner.ScannerDownError):
        scanner.scan(bytes(60_000) for _number in range(50))


@pytest.mark.parametrize("reply", [b"", b"stream: OK FOUND maybe\0", struct.pack("!I", 7)])
def test_nonsense_of_a_scanner_is_no_verdict(reply):
    with pytest.raises(scanner.ScannerDownError):
        scanner._verdict(reply.rstrip(b"\0").decode("utf-8", "replace"))


def test_erased_tip_takes_its_original_along(submit, settings, django_capture_on_commit_callbacks):
    tip = submit(files=[photo()])
    assert len(stored(settings)) == 2
    with django_capture_on_commit_callbacks(execute=True):
        assert erasing.erase_content(tip, timezone.now(), source="Thử")
    assert stored(settings) == []


def test_sweep_of_orphans_knows_originals(submit, settings):
    submit(files=[photo()])
    assert erasing.remove_orphaned_files(timezone.now() + timedelta(days=3)) == 0
    assert len(stored(settings)) == 2


def test_file_whose_original_was_erased_while_it_waited_blocks_nobody(submit, crowd):
    gone, other = submit(files=[photo()]), submit(files=[photo()])
    assert erasing.erase_originals(gone, source="Thử")
    assert evidence_work.work_on_due() == 2
    assert not gone.evidence.get().is_ready and other.evidence.get().is_ready
