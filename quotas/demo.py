"""The files of the demo hall."""

from lib.demo import Scene


def furnish(scene: Scene) -> dict[str, int]:
    return {}
