"""The hall with all of its middleware, and the pages of the benchmark in the place of its own."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.sides.sessions_app"
