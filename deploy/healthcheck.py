"""Ask this machine's web server whether it lives; the exit code says it, for a container's HEALTHCHECK.

python -m deploy.healthcheck [PORT]
"""

import http.client
import os
import sys

LOOPBACK = "127.0.0.1"
SECONDS = 3


def answers(port: int) -> bool:
    # The hall answers to its own names only.
    names = [name.strip() for name in (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",") if name.strip()]
    there = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
    try:
        there.request("GET", "/healthz", headers={"Host": names[0].lstrip(".*")})
        return there.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        there.close()


if __name__ == "__main__":
    sys.exit(0 if answers(int(sys.argv[1]) if len(sys.argv) > 1 else 8000) else 1)
