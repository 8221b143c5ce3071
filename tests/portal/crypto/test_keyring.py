"""The ring of keys: the first encrypts, all decrypt, a damaged token says so."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.crypto import keyring
from portal.crypto.errors import (
    KeyConfigurationError,
    MalformedTokenError,
    TamperedTokenError,
    UnknownKeyError,
)
from portal.crypto.keyring import KeyRing
from tests.portal.crypto.keys import NEW, OLD


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
