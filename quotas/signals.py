"""What is told of quotas, inside the transaction that made it true.

`level_reached`: account, level, used, hard. `file_stored`: file, version. `file_trashed`, `file_restored`: file.
`file_deleted`: owner_id, name, size.
"""

from django.dispatch import Signal

level_reached = Signal()
file_stored = Signal()
file_trashed = Signal()
file_restored = Signal()
file_deleted = Signal()
