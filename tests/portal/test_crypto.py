"""Encryption at rest: ring, fields, digests, boxes, files, rotation, checks."""

import base64
import io
import os
from types import SimpleNamespace

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from portal.crypto import checks, digests, files, keyring, sealed
from portal.crypto.errors import (
    DecryptionError,
    KeyConfigurationError,
    MalformedTokenError,
    NoPrivateKeyError,
    TamperedTokenError,
    UnknownKeyError,
)
from portal.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.crypto.keyring import KeyRing
from portal.crypto.management.commands import rotate_keys
from portal.crypto.models import DigestKey

OLD, NEW, OTHER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def _no_remembered_digest_keys():
    digests.forget_keys()
    yield
    digests.forget_keys()


def stored_token(row: DigestKey) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM crypto_digestkey WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def column(field: EncryptedTextField) -> EncryptedTextField:
    """The field as a column of a model that exists only in this test."""
    body = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "crypto"}), "value": field}
    with isolate_apps("portal.crypto"):
        return type("Note", (models.Model,), body)._meta.get_field("value")


class TestKeyRing:
    @given(st.binary(max_size=300), st.text(max_size=40, alphabet=st.characters(codec="utf-8")))
    def test_round_trip_any_bytes_and_context_returns_the_plaintext(self, plaintext, context):
        ring = KeyRing([OLD])
        assert ring.decrypt(ring.encrypt(plaintext, context), context) == plaintext

    def test_encrypt_twice_gives_different_tokens(self):
        ring = KeyRing([OLD])
        assert ring.encrypt(b"tin", "t.c") != ring.encrypt(b"tin", "t.c")

    def test_token_names_its_version_and_key(self):
        token = KeyRing([OLD]).encrypt(b"", "t.c")
        assert token.startswith(f"v1.{keyring.key_id(bytes([1]) * 32)}.")
        assert token.isascii()

    def test_decrypt_old_key_second_in_ring_still_reads(self):
        token = KeyRing([OLD]).encrypt(b"tin", "t.c")
        assert KeyRing([NEW, OLD]).decrypt(token, "t.c") == b"tin"

    def test_encrypt_uses_the_first_key(self):
        token = KeyRing([NEW, OLD]).encrypt(b"tin", "t.c")
        assert KeyRing([NEW]).decrypt(token, "t.c") == b"tin"

    def test_decrypt_key_removed_raises_unknown_key(self):
        token = KeyRing([OLD]).encrypt(b"tin", "t.c")
        with pytest.raises(UnknownKeyError):
            KeyRing([NEW]).decrypt(token, "t.c")

    def test_decrypt_other_context_raises_tampered(self):
        ring = KeyRing([OLD])
        with pytest.raises(TamperedTokenError):
            ring.decrypt(ring.encrypt(b"tin", "tips_tip.text"), "tips_tip.place")

    @given(st.integers(min_value=0, max_value=59))
    def test_decrypt_any_flipped_bit_of_the_body_raises_tampered(self, position):
        ring = KeyRing([OLD])
        version, name, body = ring.encrypt(b"x" * 32, "t.c").split(".")
        blob = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        blob[position] ^= 1
        forged = base64.urlsafe_b64encode(bytes(blob)).decode()
        with pytest.raises(TamperedTokenError):
            ring.decrypt(f"{version}.{name}.{forged}", "t.c")

    @pytest.mark.parametrize(
        "token", ["", "tin", "v1.a", "v2.00000000." + "A" * 60, "v1.00000000.AAAA", "v1.x.!!"]
    )
    def test_decrypt_not_a_token_raises_malformed(self, token):
        with pytest.raises(MalformedTokenError):
            KeyRing([OLD]).decrypt(token, "t.c")

    @pytest.mark.parametrize("encoded", [[], [""], ["not base64!"], [base64.b64encode(b"short").decode()]])
    def test_ring_unusable_keys_raises_configuration_error(self, encoded):
        with pytest.raises(KeyConfigurationError):
            KeyRing(encoded)

    def test_decode_key_accepts_urlsafe_and_unpadded(self):
        key = bytes(range(222, 254))
        assert keyring.decode_key(base64.urlsafe_b64encode(key).decode().rstrip("=")) == key

    def test_get_ring_follows_the_settings(self, settings):
        settings.FIELD_KEYS = [OLD]
        token = keyring.encrypt(b"tin", "t.c")
        settings.FIELD_KEYS = [NEW]
        with pytest.raises(UnknownKeyError):
            keyring.decrypt(token, "t.c")


class TestFields:
    @pytest.mark.django_db
    @pytest.mark.parametrize("value", ["", "Tối qua có người lạ ở tổ 5", "0", "👮" * 10, "a\nb"])
    def test_text_saved_reads_back_and_column_hides_it(self, value):
        row = DigestKey.objects.create(purpose="p", wrapped=value)
        assert DigestKey.objects.get(pk=row.pk).wrapped == value
        token = stored_token(row)
        assert token.startswith("v1.")
        assert len(value) < 3 or value not in token

    @pytest.mark.django_db
    def test_text_updated_in_bulk_is_encrypted(self):
        row = DigestKey.objects.create(purpose="p", wrapped="a")
        DigestKey.objects.update(wrapped="b")
        assert stored_token(row).startswith("v1.")
        row.wrapped = "c"
        DigestKey.objects.bulk_update([row], ["wrapped"])
        assert stored_token(row).startswith("v1.")
        assert list(DigestKey.objects.values_list("wrapped", flat=True)) == ["c"]

    @pytest.mark.django_db
    def test_text_copied_from_another_column_raises(self):
        row = DigestKey.objects.create(purpose="p", wrapped="a")
        DigestKey.objects.update(wrapped=models.Value(keyring.encrypt(b"a", "x.y"), models.TextField()))
        with pytest.raises(DecryptionError):
            DigestKey.objects.get(pk=row.pk)

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "lookup", ["wrapped", "wrapped__contains", "wrapped__in", "wrapped__lower", "wrapped__gt"]
    )
    def test_lookup_on_ciphertext_raises_field_error(self, lookup):
        with pytest.raises(FieldError):
            list(DigestKey.objects.filter(**{lookup: "a"}))

    @pytest.mark.django_db
    def test_lookup_isnull_is_allowed(self):
        DigestKey.objects.create(purpose="p", wrapped="")
        assert DigestKey.objects.filter(wrapped__isnull=False).count() == 1

    def test_null_stays_null(self):
        field = column(EncryptedTextField(null=True))
        assert field.get_db_prep_save(None, connection) is None
        assert field.from_db_value(None, None, connection) is None

    def test_context_fixed_survives_a_renamed_table(self):
        field = column(EncryptedTextField(context="old_table.text"))
        token = keyring.encrypt(b"tin", "old_table.text")
        assert field.from_db_value(token, None, connection) == "tin"
        assert field.deconstruct()[3]["context"] == "old_table.text"

    def test_deconstruct_plain_field_names_no_context(self):
        _name, path, _args, kwargs = EncryptedTextField(blank=True).deconstruct()
        assert path == "portal.crypto.fields.EncryptedTextField"
        assert kwargs == {"blank": True}

    @pytest.mark.parametrize("value", [{"tên": "Lò Thị Ó", "n": [1, None]}, [], "chữ", 0, False, ""])
    def test_json_value_reads_back_equal(self, value):
        field = column(EncryptedJSONField())
        token = field.get_db_prep_save(value, connection)
        assert token.startswith("v1.")
        assert field.from_db_value(token, None, connection) == value

    def test_check_unique_encrypted_field_is_an_error(self):
        field = column(EncryptedTextField(unique=True))
        assert "crypto.E010" in [error.id for error in field.check()]


@pytest.mark.django_db
class TestDigests:
    def test_digest_same_text_same_purpose_is_equal(self):
        assert digests.keyed_digest("a", b"x") == digests.keyed_digest("a", "x")
        assert len(digests.keyed_digest("a", b"x")) == 32

    def test_digest_other_purpose_differs(self):
        assert digests.keyed_digest("a", b"x") != digests.keyed_digest("b", b"x")

    def test_digest_key_row_holds_no_plain_key(self):
        key = digests.digest_key("a")
        row = DigestKey.objects.get(purpose="a")
        assert base64.b64encode(key).decode() == row.wrapped
        assert row.wrapped not in stored_token(row)

    def test_digest_after_rotation_of_field_keys_is_unchanged(self, settings):
        settings.FIELD_KEYS = [OLD]
        before = digests.keyed_digest("a", b"x"), digests.slow_digest("a", "x")
        settings.FIELD_KEYS = [NEW, OLD]
        call_command("rotate_keys", verbosity=0, stdout=io.StringIO())
        settings.FIELD_KEYS = [NEW]
        digests.forget_keys()
        assert (digests.keyed_digest("a", b"x"), digests.slow_digest("a", "x")) == before

    def test_digest_key_rolled_back_is_not_remembered(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            lost = digests.digest_key("a")
            raise IntegrityError
        kept = digests.digest_key("a")
        assert kept != lost
        assert base64.b64encode(kept).decode() == DigestKey.objects.get(purpose="a").wrapped

    def test_digest_key_committed_is_read_once(
        self, django_assert_num_queries, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            key = digests.digest_key("a")
        with django_assert_num_queries(0):
            assert digests.digest_key("a") == key

    def test_slow_digest_depends_on_secret_and_purpose(self):
        one = digests.slow_digest("a", "0123-4567")
        assert len(one) == 32
        assert one == digests.slow_digest("a", "0123-4567")
        assert len({one, digests.slow_digest("a", "0123-4568"), digests.slow_digest("b", "0123-4567")}) == 3

    def test_term_digests_fit_a_bigint_and_keep_words_apart(self):
        words = [f"từ{n}" for n in range(500)]
        numbers = digests.term_digests("t", words + words)
        assert len(numbers) == 500
        assert all(-(2**63) <= number < 2**63 for number in numbers)
        assert min(numbers) < 0 < max(numbers)
        assert digests.term_digests("t", ["từ7"]) < numbers


class TestSealedBox:
    def test_seal_then_unseal_returns_the_data(self):
        blob = sealed.seal("Nguyễn Văn A, 0912345678".encode())
        assert b"0912345678" not in blob
        assert sealed.unseal(blob) == "Nguyễn Văn A, 0912345678".encode()

    def test_unseal_memoryview_from_postgresql_opens(self):
        assert sealed.unseal(memoryview(sealed.seal(b"x"))) == b"x"

    def test_unseal_without_private_key_raises_no_private_key(self, settings):
        blob = sealed.seal(b"x")
        settings.IDENTITY_PRIVATE_KEY = ""
        assert not sealed.can_unseal()
        with pytest.raises(NoPrivateKeyError):
            sealed.unseal(blob)

    @pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: bytes([b[0] ^ 1]) + b[1:]])
    def test_unseal_damaged_box_raises_tampered(self, damage):
        with pytest.raises(TamperedTokenError):
            sealed.unseal(damage(sealed.seal(b"x")))


CHUNK = files.CHUNK_BYTES
SEALED_CHUNK = CHUNK + keyring.TAG_BYTES


def encrypted(data: bytes) -> tuple[bytes, files.EncryptionResult]:
    out = io.BytesIO()
    result = files.encrypt_stream(io.BytesIO(data), out)
    return out.getvalue(), result


def decrypted(blob: bytes, key: bytes) -> bytes:
    return b"".join(files.decrypt_stream(io.BytesIO(blob), key))


class Trickle(io.RawIOBase):
    """A source that gives a few bytes at a time, like a socket."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def read(self, size: int = -1) -> bytes:
        size = min(size, 1000)
        part, self.rest = self.rest[:size], self.rest[size:]
        return part


class TestFiles:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
    def test_round_trip_sizes_around_the_chunk_return_the_data(self, size):
        data = os.urandom(size)
        blob, result = encrypted(data)
        assert decrypted(blob, result.key) == data
        assert result.size == size

    def test_result_hash_is_of_the_plaintext_and_repr_hides_the_key(self):
        _blob, result = encrypted(b"abc")
        assert result.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert "key" not in repr(result)

    def test_source_giving_little_at_a_time_makes_full_chunks(self):
        data = os.urandom(CHUNK + 5)
        out = io.BytesIO()
        result = files.encrypt_stream(Trickle(data), out)
        assert len(out.getvalue()) == len(files.MAGIC) + len(data) + 2 * keyring.TAG_BYTES
        assert b"".join(files.decrypt_stream(Trickle(out.getvalue()), result.key)) == data

    @given(st.integers(min_value=0, max_value=2 * SEALED_CHUNK + 29))
    def test_decrypt_truncated_anywhere_raises(self, length):
        blob, result = TRUNCATION_CASE
        with pytest.raises(DecryptionError):
            decrypted(blob[:length], result.key)

    @pytest.mark.parametrize(
        "rearrange",
        [
            lambda a, b, c: [b, a, c],
            lambda a, b, c: [a, a, c],
            lambda a, b, c: [a, c],
            lambda a, b, c: [a, b, c, c],
            lambda a, b, c: [a, b],
        ],
        ids=["swapped", "repeated", "dropped", "appended", "cut"],
    )
    def test_decrypt_rearranged_chunks_raises_tampered(self, rearrange):
        blob, result = encrypted(os.urandom(3 * CHUNK))
        body = blob[len(files.MAGIC) :]
        chunks = [body[i : i + SEALED_CHUNK] for i in range(0, len(body), SEALED_CHUNK)]
        with pytest.raises(TamperedTokenError):
            decrypted(files.MAGIC + b"".join(rearrange(*chunks)), result.key)

    def test_decrypt_other_key_raises_tampered(self):
        blob, _result = encrypted(b"abc")
        with pytest.raises(TamperedTokenError):
            decrypted(blob, bytes(32))

    def test_decrypt_plain_file_raises_malformed(self):
        with pytest.raises(MalformedTokenError):
            decrypted(b"\xff\xd8\xff\xe0 a picture", bytes(32))


TRUNCATION_CASE = encrypted(bytes(2 * CHUNK + 10))


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
        ],
    )
    def test_identity_keys(self, settings, public, private, expected):
        key = PrivateKey(bytes([9]) * 32)
        pair = SimpleNamespace(
            public=base64.b64encode(bytes(key.public_key)).decode(),
            private=base64.b64encode(bytes(key)).decode(),
        )
        settings.IDENTITY_PUBLIC_KEY = pair.public if public == "pair" else public
        settings.IDENTITY_PRIVATE_KEY = pair.private if private == "pair" else private
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
