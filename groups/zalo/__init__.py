"""The Zalo side of the portal: clients of official accounts and of bots, errors, signatures, fakes for tests
and a simulator for demos.

Nothing in this package knows a model. Whoever calls it hands over tokens and addresses and records the
outcome; retrying, queueing and rate limits are decided above (``broadcasts``), encryption and locking of
tokens beside the models that hold them.
"""
