"""Files in S3, by a setting: the same bytes, ranges and deletions, against a server of its language on loopback."""

import io

import boto3
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from config.environment import Environment
from quotas.services import blobs, files, uploads
from tests.quotas.conftest import must_balance, stored

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # botocore's own, about how it tells the time.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def s3(settings, monkeypatch, tmp_path):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("FILES_URL", f"s3+http://key:secret@{host}:{port}/hall/kept")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="hall")
    settings.STORAGES = settings.STORAGES | {"default": Environment(tmp_path / "none").storage("FILES_URL", tmp_path)}

    def keys():
        return [each["Key"] for each in client.list_objects_v2(Bucket="hall").get("Contents", [])]

    yield keys
    # What one server keeps, the next one of the same process finds.
    for key in keys():
        client.delete_object(Bucket="hall", Key=key)
    server.stop()


def test_bytes_come_back_from_s3_also_in_part_and_go_when_they_are_deleted(alice, s3, monkeypatch):
    monkeypatch.setattr(blobs, "PART_BYTES", 1000)
    content = bytes(range(250)) * 10
    file = uploads.store(user_id=alice.pk, name="a.bin", size=2500, stream=io.BytesIO(content))
    assert [key.split("/")[0] for key in s3()] == ["kept"] * 3
    assert b"".join(blobs.read(blob_id=file.current.blob_id)) == content
    assert b"".join(blobs.read(blob_id=file.current.blob_id, start=900, stop=2100)) == content[900:2100]

    files.delete_file(file_id=file.pk, user_id=alice.pk)
    uploads.expire_uploads()

    assert s3() == []
    must_balance()


def test_nothing_lies_in_a_folder(alice, s3, empty_storage):
    stored(alice, 10)

    assert not empty_storage.exists()
    assert default_storage.exists(s3()[0].removeprefix("kept/"))
