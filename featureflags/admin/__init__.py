"""What operators see of flags, and how they change them: every change goes through a service and needs a reason."""

from featureflags.admin.flags import FlagAdmin
from featureflags.admin.segments import SegmentAdmin

__all__ = ["FlagAdmin", "SegmentAdmin"]
