"""Amounts in the words of their resource."""

from quotas import resources

STEPS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def shown(resource: str, amount: int) -> str:
    """Return an amount as people read it: `4.2 GB`, `12 files`."""
    kind = resources.named(resource)
    return in_bytes(amount) if kind.unit == "bytes" else f"{amount:,} {kind.unit}"


def in_bytes(amount: int) -> str:
    """Return bytes in the largest unit that leaves a whole number before the point; a thousand of one is one more."""
    size, step = float(abs(amount)), 0
    while size >= 999.5 and step < len(STEPS) - 1:
        size, step = size / 1000, step + 1
    if step == 0:
        return f"{amount:,} byte{'' if abs(amount) == 1 else 's'}"
    figure = f"{size:.0f}" if size >= 99.95 else f"{size:.1f}".removesuffix(".0")
    return f"{'-' if amount < 0 else ''}{figure} {STEPS[step]}"
