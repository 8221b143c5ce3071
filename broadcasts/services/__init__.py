"""Verbs of sending, one module per subject.

::

    audience   who a rule reaches               editing    writing and changing a broadcast
    approval   submit, approve, return, stop    sending    starting, firing, writing delivery rows
    settle     what people say about a row      sweep      repairs
    counts     rows by state                    notices    wanted, missing, found
    finishing  done at the last row             notice_states  active, back to draft, ended
"""
