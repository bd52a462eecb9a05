"""How much of everything there may be."""

from datetime import timedelta

ENDPOINTS_MAX = 20
FILTERS_MAX = 50
HEADERS_MAX = 20
HEADER_NAME_MAX = 80
HEADER_VALUE_MAX = 1000
DESCRIPTION_MAX = 200
CONCURRENCY = 10
CONCURRENCY_MAX = 50
RATE_MAX = 6000
BODY_MAX = 64 * 1024
KEY_MAX = 200
# Of an answer: read from the network, and kept for people to look at.
ANSWER_READ = 64 * 1024
ANSWER_KEPT = 8 * 1024
ANSWER_HEADERS_KEPT = 40
SECRETS_MAX = 6
ROTATION = timedelta(hours=24)
# The owner hears half way, and again when the endpoint is disabled.
FAILING_MAX = timedelta(days=5)
FAILING_WARNED = FAILING_MAX / 2
RETENTION = timedelta(days=30)
# How many weeks of partitions stand ready.
WEEKS_AHEAD = 8
RESEND_MAX = 10_000
