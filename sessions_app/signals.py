"""What this app announces, inside the transaction that made it true."""

from django.dispatch import Signal

# The oldest sessions of a person gave way to a new one: user_id, sessions (rows).
session_displaced = Signal()

# Sessions were ended: user_id (None for everybody's), reason.
sessions_ended = Signal()

# Somebody wants to sign up: request. An answer of False closes the door.
sign_up_asked = Signal()

# A line of the security log was written: event (the row).
security_event_recorded = Signal()
