"""``python -m bench.bare`` makes the table of the bare form, once; its settings come from the environment."""

import django
from django.db import connection

if __name__ == "__main__":
    django.setup()
    from bench.bare.models import Note  # the models exist only after setup

    if Note._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Note)
