"""The engine that carries deliveries to Zalo.

::

    drain      the loop: leases mailboxes, claims rows, sends at once what it may, writes outcomes in bulk
    mailbox    one leased mailbox in memory: its client, its pace, its breaker
    pace       how many calls of an account's minute are left (pure)
    outcomes   what an error means for a row (pure)
    uploads    a picture is uploaded once for an account
    reading    settling an unknown outcome by looking into the group
    store      everything the engine asks of the database; sql: the statements the ORM has no words for
    database   the one thread in which the database is spoken to, so that the loop never waits for it
"""
