"""The engine that carries deliveries to Zalo.

::

    drain      the loop: leases mailboxes, claims rows, hands them to senders, writes outcomes in bulk
    ahead      how many claimed rows are kept ready for the senders (pure)
    leases     the mailboxes a drain holds; turns: one drain in a process, which hears of others
    sender     the sending of one row, or a look into one group
    ledger     what it has learnt and not yet written
    mailbox    one leased mailbox in memory: its client, its pace, its breaker
    pace       how many calls of an account's minute are left (pure)
    outcomes   what an error means for a row (pure)
    accounts   what a failed call says about its account or group
    tokens     the account's tokens, a renewal counted as a call
    uploads    a picture is uploaded once for an account
    reading    settling an unknown outcome by looking into the group
    reader     each page of a group as a call of the account's minute
    store      everything the engine asks of the database; sql: the statements the ORM has no words for
    database   the threads in which the database is spoken to, so that the loop never waits for it
"""
