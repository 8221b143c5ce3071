"""Encrypted columns."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models

from portal.crypto import keyring
from portal.crypto.errors import DecryptionError
from portal.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.crypto.models import DigestKey
from tests.portal.crypto.keys import column, stored_token


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
