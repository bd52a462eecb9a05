"""What this app announces, inside the transaction that made it true."""

from django.dispatch import Signal

# The oldest sessions of a person gave way to a new one: user_id, sessions (rows).
session_displaced = Signal()

# Sessions were ended: user_id (None for everybody's), reason.
sessions_ended = Signal()
