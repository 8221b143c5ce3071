"""Rotating keys, and the checks of a configuration of them."""

import base64
import io
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from nacl.public import PrivateKey

from portal.crypto import checks, digests, keyring
from portal.crypto.management.commands import rotate_keys
from portal.crypto.models import DigestKey
from tests.portal.crypto.keys import NEW, OLD, OTHER, stored_token


@pytest.mark.django_db
class TestRotateKeys:
    def rotate(self, **options) -> str:
        out = io.StringIO()
        call_command("rotate_keys", stdout=out, **options)
        return out.getvalue()

    @pytest.fixture
    def rows(self, settings):
        settings.FIELD_KEYS = [OLD]
        return [DigestKey.objects.create(purpose=f"p{n}", wrapped=f"bí mật {n}") for n in range(7)]

    def test_rotate_then_old_key_removed_everything_still_reads(self, rows, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        assert DigestKey.objects.get(pk=rows[0].pk).wrapped == "bí mật 0"
        assert "7 đã mã hóa lại" in self.rotate(batch_size=3)
        settings.FIELD_KEYS = [NEW]
        assert [row.wrapped for row in DigestKey.objects.order_by("pk")] == [f"bí mật {n}" for n in range(7)]

    def test_rotate_again_touches_no_row(self, rows, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        self.rotate()
        tokens = [stored_token(row) for row in rows]
        assert "đã mã hóa lại" not in self.rotate()
        assert [stored_token(row) for row in rows] == tokens

    def test_rotate_continues_after_an_interruption(self, rows, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        DigestKey.objects.filter(pk=rows[0].pk).update(wrapped="bí mật 0")
        assert "6 đã mã hóa lại" in self.rotate()

    def test_rotate_dry_run_counts_and_writes_nothing(self, rows, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        tokens = [stored_token(row) for row in rows]
        assert "7 chưa đổi khóa" in self.rotate(dry_run=True)
        assert [stored_token(row) for row in rows] == tokens

    def test_rotate_row_edited_meanwhile_keeps_the_edit(self, rows, settings):
        settings.FIELD_KEYS = [NEW, OLD]
        [field] = [f for f in rotate_keys.encrypted_fields() if f.model is DigestKey]
        column = rotate_keys.Column(field, keyring.get_ring(), "default")
        [(pk, token), *_rest] = column._batch_after(None, 10)
        DigestKey.objects.filter(pk=pk).update(wrapped="sửa rồi")
        assert column._rotate_row(pk, token) == "changed"
        assert DigestKey.objects.get(pk=pk).wrapped == "sửa rồi"

    def test_rotate_row_under_a_lost_key_is_left_and_reported(self, rows, settings):
        settings.FIELD_KEYS = [OTHER]
        DigestKey.objects.filter(pk=rows[3].pk).update(wrapped="khóa đã mất")
        settings.FIELD_KEYS = [NEW, OLD]
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("rotate_keys", stdout=out)
        assert "6 đã mã hóa lại" in out.getvalue()
        assert "1 KHÔNG ĐỌC ĐƯỢC" in out.getvalue()


def ids(found: list) -> list[str]:
    return [message.id for message in found]


class TestChecks:
    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ([OLD, NEW], []),
            ([], ["crypto.E001"]),
            (["oops", OLD], ["crypto.E002"]),
            ([OLD, NEW, OLD], ["crypto.E003"]),
        ],
    )
    def test_field_keys(self, settings, keys, expected):
        settings.FIELD_KEYS = keys
        assert ids(checks.check_field_keys()) == expected

    @pytest.mark.parametrize(
        ("public", "private", "expected"),
        [
            ("pair", "pair", []),
            ("pair", "", []),
            ("", "", ["crypto.E004"]),
            ("pair", "oops", ["crypto.E005"]),
            ("pair", OLD, ["crypto.E006"]),
            ("pair", f"pair,{OLD}", []),
            ("pair", "pair,oops", ["crypto.E005"]),
            ("pair", f"{OLD},pair", ["crypto.E006"]),
        ],
    )
    def test_identity_keys(self, settings, public, private, expected):
        key = PrivateKey(bytes([9]) * 32)
        pair = SimpleNamespace(
            public=base64.b64encode(bytes(key.public_key)).decode(),
            private=base64.b64encode(bytes(key)).decode(),
        )
        settings.IDENTITY_PUBLIC_KEY = pair.public if public == "pair" else public
        settings.IDENTITY_PRIVATE_KEY = private.replace("pair", pair.private)
        assert ids(checks.check_identity_keys()) == expected

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("keys", "expected"), [([NEW, OLD], []), ([NEW], ["crypto.E007"]), ([], ["crypto.E007"])]
    )
    def test_stored_keys(self, settings, keys, expected):
        settings.FIELD_KEYS = [OLD]
        digests.digest_key("a")
        settings.FIELD_KEYS = keys
        assert ids(checks.check_stored_keys(databases=["default"])) == expected

    def test_stored_keys_without_database_are_not_asked_for(self):
        assert checks.check_stored_keys() == []

    def test_checks_run_with_manage_check(self, settings):
        settings.FIELD_KEYS = []
        with pytest.raises(SystemCheckError, match="crypto.E001"):
            call_command("check")
