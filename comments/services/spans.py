"""For how long what was written can still be taken back or changed unseen."""

from datetime import timedelta

EDIT_FREELY = timedelta(minutes=15)
UNDO = timedelta(seconds=10)
# The button stands for ten seconds; who pressed it in the last of them is not too late for the way here.
UNDO_GRACE = timedelta(seconds=5)
KEEP_DELETED = timedelta(days=1)
