"""What is announced: `thing`, `kind`, `user` and `is_set`, inside the transaction that changed it."""

from django.dispatch import Signal

reaction_changed = Signal()
