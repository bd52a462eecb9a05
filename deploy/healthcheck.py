"""Ask this machine's web server whether it lives; the exit code says it, for a container's HEALTHCHECK.

python -m deploy.healthcheck [PORT]
"""

import http.client
import sys

LOOPBACK = "127.0.0.1"
SECONDS = 3


def answers(port: int) -> bool:
    there = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
    try:
        there.request("GET", "/healthz")
        return there.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        there.close()


if __name__ == "__main__":
    sys.exit(0 if answers(int(sys.argv[1]) if len(sys.argv) > 1 else 8000) else 1)
