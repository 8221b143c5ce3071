"""The baseline of the intake and of the webhook: the least Django that checks, inserts one row and answers.

Django's usual middleware, one model, one ModelForm, the same gunicorn configuration and the same database as
the portal beside it.
"""
