"""tuspy, unchanged, over a real server: killed half-way it goes on, and without room it is told before its bytes."""

import hashlib
import os
import random
import signal
import subprocess
import sys

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from quotas.models import StoredFile, Upload
from quotas.services import blobs
from tests.quotas.conftest import limit, must_balance, numbers
from tests.quotas.test_tus import ADDRESS, token

__all__ = ["token"]

pytestmark = pytest.mark.django_db(transaction=True)


# --- Public clients, over a real server -------------------------------------------------------------------

MEGA = 1024 * 1024
# QUOTAS_TUS_MB=200 runs the large form.
SIZE = int(os.environ.get("QUOTAS_TUS_MB", "24")) * MEGA
CLIENT = """
import sys
from tusclient.client import TusClient
client = TusClient(sys.argv[1], headers={"Authorization": "Bearer gh_plain"})
uploader = client.uploader(sys.argv[2], url=sys.argv[3] or None, chunk_size=2 * 1024 * 1024)
if not uploader.url:
    uploader.set_url(uploader.create_url())
print(uploader.url, flush=True)
uploader.upload()
"""


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.bin"
    dice = random.Random(7)
    with path.open("wb") as file:
        for _ in range(SIZE // MEGA):
            file.write(dice.randbytes(MEGA))
    return path


def digest(chunks):
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def test_tuspy_is_killed_half_way_and_goes_on(live_server, token, alice, large, settings):
    settings.API_LIMIT_PERSON = settings.API_LIMIT_ADDRESS = (100_000, 60)
    server = f"{live_server.url}{ADDRESS}"
    first = subprocess.Popen([sys.executable, "-c", CLIENT, server, str(large), ""], stdout=subprocess.PIPE, text=True)
    with first:
        address = first.stdout.readline().strip()
        while Upload.objects.get().received < SIZE // 2:
            assert first.poll() is None, "the client had finished before it could be killed"
        first.send_signal(signal.SIGKILL)
    assert SIZE // 2 <= Upload.objects.get().received < SIZE

    subprocess.run([sys.executable, "-c", CLIENT, server, str(large), address], check=True, stdout=subprocess.DEVNULL)

    file = StoredFile.objects.get()
    with large.open("rb") as sent:
        assert digest(blobs.read(blob_id=file.current.blob_id)) == digest(iter(lambda: sent.read(MEGA), b""))
    assert numbers(alice) == (SIZE, 0)
    must_balance()


def test_tuspy_is_told_before_its_bytes_that_they_have_no_room(live_server, token, alice, tmp_path):
    limit(alice, 1000)
    small = tmp_path / "small.bin"
    small.write_bytes(b"x" * 1001)
    client = TusClient(f"{live_server.url}{ADDRESS}", headers=token)

    with small.open("rb") as stream, pytest.raises(TusCommunicationError) as refusal:
        client.uploader(file_stream=stream).upload()

    assert refusal.value.status_code == 413
    assert not Upload.objects.exists()
