"""Claim, then send, then record: at least once, whatever dies in between."""

from webhooks.delivery.courier import Courier, Tally, deliver

__all__ = ["Courier", "Tally", "deliver"]
