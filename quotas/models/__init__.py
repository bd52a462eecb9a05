"""What each person, group and the whole hall may use, what they use, and the files that fill it.

Invariants:

1. used + reserved is at most the hard limit at the moment of every grant, for each scope that the grant charges,
   whatever runs at once. All scopes grant or none does.
2. An account's `used` is the sum of the used grants that charge it, and its `reserved` that of the held ones; a
   version's grant holds exactly the version's size. A finding of the reconciler is a bug report.
3. A held grant that is neither committed nor released comes back by itself when its lease ends.
4. Deleting, exporting and reading always work, also over the limit and at limit 0.
5. A grant belongs to one key of one person: asked for twice, it is granted once; committed twice, it is used once.
6. What was used when is a ledger (`UsageEvent`): its changes add up to `used`, and its lines are never changed.
"""

from quotas.models.accounts import Account, Grant, UsageDay, UsageEvent
from quotas.models.attachments import ATTACHED_MAX, Attachment
from quotas.models.files import Blob, Folder, Part, StoredFile, Upload, Version
from quotas.models.limits import Override, Plan, PlanLimit, Purchase, Subscription
from quotas.models.reports import Drift, Notice, OperatorAct

__all__ = [
    "ATTACHED_MAX",
    "Account",
    "Attachment",
    "Blob",
    "Drift",
    "Folder",
    "Grant",
    "Notice",
    "OperatorAct",
    "Override",
    "Part",
    "Plan",
    "PlanLimit",
    "Purchase",
    "StoredFile",
    "Subscription",
    "Upload",
    "UsageDay",
    "UsageEvent",
    "Version",
]
