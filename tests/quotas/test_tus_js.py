"""The public JavaScript client, unchanged, in the program that it is written for: cut off half-way, it goes on."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from quotas.models import StoredFile, Upload
from quotas.services import blobs
from sessions_app.models import ApiToken
from tests import factories
from tests.quotas.conftest import numbers

VERSION = "4.3.1"
TO_DO = f"""This needs Node.js 18 or newer with npm, from the system's packages (apt-get install nodejs npm), and the
package tus-js-client {VERSION}, which npm fetches once into TUS_JS_FOLDER (or ~/.cache/guildhall-tus-js)."""
MEGA = 1024 * 1024
SIZE = 6 * MEGA

CLIENT = """
const tus = require("tus-js-client");
const fs = require("fs");
const [endpoint, path, url, stopAfter] = process.argv.slice(2);
const upload = new tus.Upload(fs.createReadStream(path), {
  endpoint, uploadUrl: url || null, uploadSize: fs.statSync(path).size, chunkSize: 1024 * 1024, retryDelays: null,
  headers: { Authorization: "Bearer gh_plain" }, metadata: { filename: "../large.bin" },
  onChunkComplete(size, accepted) { if (Number(stopAfter) && accepted >= Number(stopAfter)) {
    console.log(upload.url); process.exit(0); } },
  onError(error) { console.error(String(error)); process.exit(1); },
  onSuccess() { console.log(upload.url); },
});
upload.start();
"""


@pytest.fixture(scope="session")
def client_folder():
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(TO_DO)
    folder = Path(os.environ.get("TUS_JS_FOLDER") or Path.home() / ".cache" / "guildhall-tus-js")
    package = folder / "node_modules" / "tus-js-client" / "package.json"
    if not package.exists() or json.loads(package.read_text())["version"] != VERSION:
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        fetched = subprocess.run(
            ["npm", "install", *options, f"tus-js-client@{VERSION}"], capture_output=True, text=True, timeout=120
        )
        if fetched.returncode:
            pytest.skip(f"{TO_DO}\nnpm said: {fetched.stderr[-300:]}")
    return folder


@pytest.mark.django_db(transaction=True)
def test_tus_js_client_is_stopped_half_way_and_goes_on(client_folder, live_server, alice, tmp_path, settings):
    settings.API_LIMIT_PERSON = settings.API_LIMIT_ADDRESS = (100_000, 60)
    ApiToken.objects.filter(pk=factories.api_token(user=alice).pk).update(scopes=["read", "write"])
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(SIZE))
    script = client_folder / "client.js"
    script.write_text(CLIENT)

    def run(url="", stop_after=0):
        command = ["node", script, f"{live_server.url}/api/v1/uploads", large, url, str(stop_after)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    address = run(stop_after=SIZE // 2)
    assert SIZE // 2 <= Upload.objects.get().received < SIZE
    run(address)

    file = StoredFile.objects.get()
    assert file.name == "large.bin"
    assert b"".join(blobs.read(blob_id=file.current.blob_id)) == large.read_bytes()
    assert numbers(alice) == (SIZE, 0)
