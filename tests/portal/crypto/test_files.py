"""Encrypted files: whole, in order, and in small memory."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.crypto import files, keyring
from portal.crypto.errors import DecryptionError, MalformedTokenError, TamperedTokenError

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
