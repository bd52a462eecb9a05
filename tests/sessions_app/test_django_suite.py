"""Django's own session tests pass with our engine and middleware in the place of Django's."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).resolve().parents[2]
# How many tests Django 5.2 has for a complete engine and for the middleware, and ours beside them.
AT_LEAST = 75


@pytest.fixture(scope="module")
def django_tests(tmp_path_factory):
    """Django's test folder, from the source distribution of the version that is installed."""
    folder = tmp_path_factory.mktemp("django")
    fetch = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary=:all:"]
    # Without isolation pip would fetch a build backend only to read the name of the archive.
    done = subprocess.run(
        [sys.executable, "-m", "pip", *fetch, f"django=={django.__version__}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz") / "tests"


def test_djangos_own_session_tests_pass_with_this_engine(django_tests):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "django", "test", "tests.sessions_app.django_suite", "--noinput"],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.sessions_app.django_suite_settings",
            "PYTHONPATH": f"{django_tests}{os.pathsep}{ROOT}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    count = next(line.split()[1] for line in done.stderr.splitlines() if line.startswith("Ran "))
    assert int(count) >= AT_LEAST, done.stderr[-400:]
