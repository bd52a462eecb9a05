"""Every write about quotas and files; what other apps need of it stands here."""

from quotas.services.attaching import attach_files, detach_file, store_sent, why_not_read
from quotas.services.errors import NotAttachable, NotThere, QuotaError, QuotaExceeded

__all__ = [
    "NotAttachable",
    "NotThere",
    "QuotaError",
    "QuotaExceeded",
    "attach_files",
    "detach_file",
    "store_sent",
    "why_not_read",
]
