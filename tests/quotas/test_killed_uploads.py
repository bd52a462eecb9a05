"""A web process that dies in the middle of an upload loses one part at most, and nobody's numbers."""

import http.client
import threading

import pytest

from quotas.models import Part, StoredFile, Upload
from quotas.services import blobs, uploads
from sessions_app.models import ApiToken
from tests import factories
from tests.faults.servers import Web
from tests.quotas.conftest import make_plans, must_balance, numbers

pytestmark = pytest.mark.django_db(transaction=True)

MEGA = 1024 * 1024
SIZE = 20 * MEGA
HEADERS = {
    "Authorization": "Bearer gh_plain",
    "Tus-Resumable": "1.0.0",
    "Content-Type": "application/offset+octet-stream",
}
# Where it dies, and how much of the first two parts counts then.
POINTS = {
    "quotas.services.blobs.write_part:before": 0,
    "quotas.services.blobs.write_part:after": 0,
    "quotas.services.uploads._count:before": 0,
    "quotas.services.uploads._count:after": blobs.PART_BYTES,
}


@pytest.fixture
def alice(db):
    make_plans()
    user = factories.user(name="alice")
    ApiToken.objects.filter(pk=factories.api_token(user=user).pk).update(scopes=["read", "write"])
    return user


def send(web, upload, offset, content):
    try:
        web.request(
            "PATCH", f"/api/v1/uploads/{upload.pk}", headers=HEADERS | {"Upload-Offset": str(offset)}, body=content
        )
    except (OSError, http.client.HTTPException):
        return


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_process_loses_one_part_at_most(alice, point, empty_storage):
    content = bytes(range(256)) * (SIZE // 256)
    upload = uploads.create_upload(user_id=alice.pk, name="film.bin", length=SIZE)
    env = {"DJANGO_SETTINGS_MODULE": "tests.quotas.web_settings", "TEST_FILES": str(empty_storage)}
    with Web(stop_at=[point], env=env) as web:
        client = threading.Thread(target=send, args=(web, upload, 0, content), daemon=True)
        client.start()
        standing = web.reached(point)
        web.kill()
        standing.connection.close()
        client.join()
    kept = Upload.objects.get().received
    assert kept == POINTS[point]
    assert sum(Part.objects.values_list("size", flat=True)) == kept
    assert numbers(alice) == (0, SIZE)

    with Web(env=env) as web:
        send(web, upload, kept, content[kept:])

    file = StoredFile.objects.get()
    assert numbers(alice) == (SIZE, 0)
    must_balance()
    assert b"".join(blobs.read(blob_id=file.current.blob_id)) == content


def test_a_client_that_vanishes_leaves_what_it_sent(alice, live_server):
    upload = uploads.create_upload(user_id=alice.pk, name="film.bin", length=SIZE)
    connection = http.client.HTTPConnection(live_server.thread.host, live_server.thread.port)
    connection.putrequest("PATCH", f"/api/v1/uploads/{upload.pk}")
    for name, value in (HEADERS | {"Upload-Offset": "0", "Content-Length": str(SIZE)}).items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"x" * (9 * MEGA))
    connection.close()

    for _ in range(400):
        if Upload.objects.get().received == 9 * MEGA:
            break
        threading.Event().wait(0.05)

    assert Upload.objects.get().received == 9 * MEGA
    assert numbers(alice) == (0, SIZE)
