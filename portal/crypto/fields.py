"""Model fields whose column holds ciphertext only.

The value is bound to its column: a token copied into another column no longer opens. Renaming a table or a
column therefore needs `context="old_table.old_column"` on the field.
"""

import json
from typing import Any

from django import forms
from django.core import checks
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from portal.crypto import keyring

ALLOWED_LOOKUPS = {"isnull"}


class EncryptedTextField(models.TextField):
    """Text, encrypted on the way into the database and decrypted on the way out.

    None stays NULL; the empty string is encrypted like any other. Only `isnull` can be asked of the column:
    equal texts have different ciphertexts, so any other lookup would silently find nothing and raises
    FieldError instead.
    """

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.fixed_context = context
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        """What the ciphertext is bound to, "table.column" unless fixed."""
        return self.fixed_context or f"{self.model._meta.db_table}.{self.column}"

    def deconstruct(self) -> tuple:
        """Add `context` to the migration only where it was given."""
        name, path, args, kwargs = super().deconstruct()
        if self.fixed_context:
            kwargs["context"] = self.fixed_context
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Refuse options that need comparable values."""
        errors = super().check(**kwargs)
        if self.unique or self.db_index:
            errors.append(
                checks.Error(
                    "Trường mã hóa không thể có unique hoặc db_index.",
                    hint="Tìm bằng một cột digest riêng (portal.crypto.digests).",
                    obj=self,
                    id="crypto.E010",
                )
            )
        return errors

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow `isnull` only; raise FieldError for the rest."""
        if lookup_name not in ALLOWED_LOOKUPS:
            raise FieldError(f"Encrypted field {self.name} supports only isnull, not {lookup_name}.")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """No transform makes sense on ciphertext."""
        raise FieldError(f"Encrypted field {self.name} has no transform {lookup_name}.")

    def serialise(self, value: Any) -> str:
        """The text to encrypt for a Python value."""
        return str(value)

    def deserialise(self, text: str) -> Any:
        """The Python value of a decrypted text."""
        return text

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt a value for the column."""
        value = super().get_db_prep_value(value, connection, prepared)
        if value is None or hasattr(value, "as_sql"):
            return value
        return keyring.encrypt(self.serialise(value).encode("utf-8"), self.context)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """Decrypt what the column holds; raises DecryptionError."""
        if value is None:
            return None
        return self.deserialise(keyring.decrypt(value, self.context).decode("utf-8"))


class EncryptedJSONField(EncryptedTextField):
    """A JSON value (dates and decimals as Django's encoder writes them), encrypted as a whole."""

    def serialise(self, value: Any) -> str:
        """Compact JSON."""
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))

    def deserialise(self, text: str) -> Any:
        """Parse the JSON."""
        return json.loads(text)

    def to_python(self, value: Any) -> Any:
        """Values stay what they are; the text form appears only in the column."""
        return value

    def get_prep_value(self, value: Any) -> Any:
        """Skip the conversion to text of TextField."""
        return value

    def value_to_string(self, obj: models.Model) -> Any:
        """Value for `dumpdata`, as Django's JSONField gives it."""
        return self.value_from_object(obj)

    def formfield(self, **kwargs: Any) -> forms.Field:
        """A JSON text box."""
        return models.Field.formfield(self, **{"form_class": forms.JSONField, **kwargs})
