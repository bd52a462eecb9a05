"""Resumable uploads after tus 1.0: a public client unchanged, every refusal, and what is kept of what broke off."""

import base64
import hashlib
import io
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from quotas.models import Grant, Part, StoredFile, Upload
from quotas.services import blobs, errors, storing, uploads
from sessions_app.models import ApiToken
from tests import factories
from tests.quotas.conftest import limit, must_balance, numbers

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


@pytest.fixture
def token(alice):
    ApiToken.objects.filter(pk=factories.api_token(user=alice).pk).update(scopes=["read", "write"])
    return {"Authorization": "Bearer gh_plain"}


@pytest.fixture
def ask(client, token):
    def send(method, address=ADDRESS, body=b"", *, kind=BYTES, **headers):
        sent = TUS | token | {name.replace("_", "-"): value for name, value in headers.items()}
        # Django's client says no type for an empty body.
        return client.generic(method, address, body, content_type=kind, headers=sent | {"Content-Type": kind})

    return send


def metadata(**pairs):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def begun(ask, length=10, name="plan.txt", **headers):
    response = ask("POST", Upload_Length=str(length), Upload_Metadata=metadata(filename=name), **headers)
    assert response.status_code == 201, response.content
    return response["Location"]


def content_of(file):
    return b"".join(blobs.read(blob_id=file.current.blob_id))


# --- The protocol -----------------------------------------------------------------------------------------


def test_anybody_may_ask_what_works(client):
    response = client.generic("OPTIONS", ADDRESS)

    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert "creation" in response["Tus-Extension"]


def test_bytes_come_in_pieces_and_the_last_one_makes_the_file(ask, alice):
    address = begun(ask, 10)
    first = ask("PATCH", address, b"01234", Upload_Offset="0")
    seen = ask("HEAD", address)
    last = ask("PATCH", address, b"56789", Upload_Offset="5")

    assert [first.status_code, seen["Upload-Offset"], last["Upload-Offset"]] == [204, "5", "10"]
    assert content_of(StoredFile.objects.get()) == b"0123456789"
    assert numbers(alice) == (10, 0)
    must_balance()


def test_answers_say_what_is_left(ask, alice):
    limit(alice, 100)
    response = ask("POST", Upload_Length="40")

    assert {name: response[f"X-Quota-{name}"] for name in ("Limit", "Used", "Remaining")} == {
        "Limit": "100",
        "Used": "40",
        "Remaining": "60",
    }


def test_bytes_may_come_along_with_the_creation(ask):
    address = ask("POST", body=b"0123", Upload_Length="4")["Location"]

    assert Upload.objects.get(pk=address.rpartition("/")[2]).finished_at is not None


def test_an_empty_file_is_there_at_once(ask):
    begun(ask, 0)

    assert StoredFile.objects.get().current.size == 0


def test_a_wrong_checksum_keeps_nothing_and_the_right_one_all(ask):
    address = begun(ask, 5)
    right = base64.b64encode(hashlib.sha1(b"01234").digest()).decode()

    wrong = ask("PATCH", address, b"01239", Upload_Offset="0", Upload_Checksum=f"sha1 {right}")
    assert (wrong.status_code, Upload.objects.get().received, Part.objects.count()) == (460, 0, 0)
    good = ask("PATCH", address, b"01234", Upload_Offset="0", Upload_Checksum=f"sha1 {right}")

    assert good.status_code == 204
    assert content_of(StoredFile.objects.get()) == b"01234"


def test_what_is_given_up_is_free_at_once(ask, alice):
    address = begun(ask, 10)
    ask("PATCH", address, b"01234", Upload_Offset="0")

    assert ask("DELETE", address).status_code == 204
    assert ask("HEAD", address).status_code == 404
    assert numbers(alice) == (0, 0)
    assert uploads.expire_uploads() == (0, 0, 1)
    must_balance()


def test_what_nobody_goes_on_with_expires_with_its_bytes(ask, alice, empty_storage):
    address = begun(ask, 10)
    ask("PATCH", address, b"01234", Upload_Offset="0")
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask("PATCH", address, b"56789", Upload_Offset="5").status_code == 410

    uploads.expire_uploads()

    assert numbers(alice) == (0, 0)
    assert [path for path in empty_storage.rglob("*") if path.is_file()] == []


def test_an_upload_without_a_length_reserves_in_steps_up_to_the_limit(ask, alice, monkeypatch):
    monkeypatch.setattr(uploads, "STEP_BYTES", 10)
    limit(alice, 25)
    address = ask("POST", Upload_Defer_Length="1")["Location"]
    assert numbers(alice) == (0, 10)
    ask("PATCH", address, b"x" * 18, Upload_Offset="0")
    assert numbers(alice) == (0, 20)
    ask("PATCH", address, b"x" * 7, Upload_Offset="18")
    assert numbers(alice) == (0, 25)

    refused = ask("PATCH", address, b"x", Upload_Offset="25")

    assert refused.status_code == 413
    assert ask("PATCH", address, b"", Upload_Offset="25", Upload_Length="25").status_code == 204
    assert numbers(alice) == (25, 0)
    must_balance()


# --- Refusals ---------------------------------------------------------------------------------------------


def test_over_the_limit_no_byte_is_taken(ask, alice):
    limit(alice, 100)
    response = ask("POST", body=b"x" * 101, Upload_Length="101")

    assert response.status_code == 413
    assert response.json()["limit"] == 100
    assert not Upload.objects.exists()


def test_partial_uploads_count(ask, alice):
    limit(alice, 100)
    begun(ask, 60)

    assert ask("POST", Upload_Length="60").status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": str(2**63)}, 400),
        ({"Upload_Length": "9" * 400}, 400),
        ({"Upload_Length": "1e3"}, 400),
        ({"Upload_Length": "٣"}, 400),
        ({"Upload_Length": "5", "Upload_Defer_Length": "1"}, 400),
        ({"Upload_Defer_Length": "2"}, 400),
        ({}, 400),
        ({"Upload_Length": "5", "Upload_Metadata": "filename ***"}, 400),
        ({"Upload_Length": "5", "Upload_Metadata": "a YQ==,a YQ=="}, 400),
        ({"Upload_Length": "5", "Upload_Metadata": metadata(folder="99")}, 404),
        ({"Upload_Length": "5", "Upload_Metadata": metadata(folder="x")}, 400),
        ({"Upload_Length": "5", "Tus_Resumable": "0.2.2"}, 412),
        ({"Upload_Length": str(2**63 - 1)}, 413),
    ],
)
def test_what_cannot_be_an_upload_is_refused(ask, headers, status):
    response = ask("POST", **headers)

    assert response.status_code == status
    assert not Upload.objects.exists()


def test_tuspys_empty_metadata_is_taken(ask):
    assert ask("POST", Upload_Length="5", Upload_Metadata="").status_code == 201


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"body": b"x", "Upload_Offset": "3"}, 409),
        ({"body": b"x"}, 400),
        ({"body": b"x", "Upload_Offset": "-1"}, 400),
        ({"body": b"x" * 11, "Upload_Offset": "0"}, 413),
        ({"body": b"x", "Upload_Offset": "0", "kind": "text/plain"}, 415),
        ({"body": b"x", "Upload_Offset": "0", "Upload_Length": "11"}, 413),
        ({"body": b"x", "Upload_Offset": "0", "Upload_Checksum": "crc32 AAAA"}, 400),
        ({"body": b"x", "Upload_Offset": "0", "Upload_Checksum": "sha1 *"}, 400),
    ],
)
def test_bytes_that_do_not_belong_are_refused(ask, sent, status):
    address = begun(ask, 10)

    response = ask("PATCH", address, **sent)

    assert response.status_code == status
    assert Upload.objects.get().received == 0


def test_another_persons_upload_is_not_there(ask, mallory, client):
    address = begun(ask, 10)
    other = ApiToken.objects.get(pk=factories.api_token(user=mallory, plain="gh_other").pk)
    ApiToken.objects.filter(pk=other.pk).update(scopes=["read", "write"])
    headers = TUS | {"Authorization": "Bearer gh_other", "Upload-Offset": "0"}

    for method in ("HEAD", "PATCH", "DELETE"):
        assert client.generic(method, address, b"x", content_type=BYTES, headers=headers).status_code == 404


def test_a_token_that_only_reads_may_not_upload(ask):
    ApiToken.objects.update(scopes=["read"])

    assert ask("POST", Upload_Length="5").status_code == 403


def test_two_finishes_make_one_file(ask, alice):
    address = begun(ask, 4)
    upload_id = address.rpartition("/")[2]
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(send_last(upload_id, alice)), daemon=True) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert StoredFile.objects.count() == 1
    assert numbers(alice) == (4, 0)
    must_balance()


def send_last(upload_id, user):
    try:
        return uploads.receive(upload_id=upload_id, user_id=user.pk, offset=0, stream=io.BytesIO(b"abcd"))
    except errors.QuotaError as error:
        return error
    finally:
        connection.close()


def test_a_slower_writer_cannot_write_over_the_one_that_took_over(alice):
    upload = uploads.create_upload(user_id=alice.pk, name="a", length=10)
    slow = uploads.take_over(upload_id=upload.pk, user_id=alice.pk, offset=0)
    uploads.receive(upload_id=upload.pk, user_id=alice.pk, offset=0, stream=io.BytesIO(b"01234"))

    with blobs.take(stream=io.BytesIO(b"ZZZ"), most=3) as part, pytest.raises(errors.UploadOver):
        uploads._keep(slow, [part])

    uploads.receive(upload_id=upload.pk, user_id=alice.pk, offset=5, stream=io.BytesIO(b"56789"))
    assert content_of(StoredFile.objects.get()) == b"0123456789"


def test_a_grant_that_a_crash_forgot_is_granted_anew(alice):
    upload = uploads.create_upload(user_id=alice.pk, name="a", length=3)
    Grant.objects.all().delete()
    Upload.objects.update(received=3)

    with transaction.atomic(durable=True):
        storing.finish(upload=Upload.objects.get(pk=upload.pk))

    assert numbers(alice)[0] == 3
