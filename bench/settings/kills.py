"""The hall, with leases that a run of kills can wait for."""

from config.settings import *  # noqa: F403

EMAIL_LEASE_SECONDS = 6
EMAIL_TIMEOUT = 5
EMAIL_LANES = 4
EMAIL_LANES_OF_BULK = 3
EMAIL_LANES_OF_DOMAIN = 4

EMAIL_PACE = {"*": 0}

DATABASES["default"]["OPTIONS"].pop("pool", None)  # noqa: F405
