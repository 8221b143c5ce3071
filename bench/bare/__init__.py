"""The baseline of the intake: the least Django that shows a form, checks it, inserts one row and answers.

Django's usual middleware, one model, one ModelForm, the same gunicorn configuration and the same database as
the portal beside it.
"""
