"""What the Operations page shows of quotas."""

from lib.operations import Figure


def collect() -> list[Figure]:
    return []
