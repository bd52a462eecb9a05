"""What operators see of quotas and files, and what they may change: limits, each with a reason."""

from quotas.admin import accounts, limits

__all__ = ["accounts", "limits"]
