"""What this app announces, inside the transaction that made it true."""

from django.dispatch import Signal

# A flag or a segment was changed: change (the row of the history).
flag_changed = Signal()
