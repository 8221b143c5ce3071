"""Digests that find a value without telling it, and boxes that only one key opens."""

import base64
import hashlib
import io

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from nacl.public import PrivateKey

from portal.crypto import digests, sealed
from portal.crypto.errors import NoPrivateKeyError, TamperedTokenError
from portal.crypto.models import DigestKey
from tests.portal.crypto.keys import NEW, OLD, stored_token


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

    @pytest.mark.parametrize("turns", [2**8, 2**10])
    def test_slow_digest_is_scrypt_as_every_library_makes_it(self, turns):
        """Receipts given out before are found whichever library digested them."""
        key = digests.digest_key("a")
        expected = hashlib.scrypt(b"0123-4567", salt=key, n=turns, r=8, p=1, dklen=32)
        assert digests.slow_digest("a", "0123-4567", turns) == expected

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

    def test_unseal_opens_what_was_sealed_before_the_pair_was_changed(self, settings):
        old, new = PrivateKey.generate(), PrivateKey.generate()
        text = {key: base64.b64encode(bytes(key)).decode() for key in (old, new)}
        settings.IDENTITY_PUBLIC_KEY = base64.b64encode(bytes(old.public_key)).decode()
        before = sealed.seal(b"before")
        settings.IDENTITY_PUBLIC_KEY = base64.b64encode(bytes(new.public_key)).decode()
        after = sealed.seal(b"after")
        settings.IDENTITY_PRIVATE_KEY = f"{text[new]}, {text[old]}"
        assert [sealed.unseal(box) for box in (before, after)] == [b"before", b"after"]
        settings.IDENTITY_PRIVATE_KEY = text[new]
        with pytest.raises(TamperedTokenError):
            sealed.unseal(before)

    @pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: bytes([b[0] ^ 1]) + b[1:]])
    def test_unseal_damaged_box_raises_tampered(self, damage):
        with pytest.raises(TamperedTokenError):
            sealed.unseal(damage(sealed.seal(b"x")))
