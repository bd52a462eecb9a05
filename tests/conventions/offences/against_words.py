"""Snippets that break the rules about every file's text, and snippets that look alike and are right."""

from tests.conventions import words
from tests.conventions.offences import Cases
from tests.conventions.source import Rule

OFFENCES: dict[Rule, Cases] = {
    words.nothing_is_unfinished: Cases(
        caught=[("docs/running.md", "TO" + "DO: write this"), ("bookings/views.py", "# FIX" + "ME")],
        allowed=[("docs/running.md", "What to do, and a hack" + "saw")],
    ),
    words.nothing_names_a_machine: Cases(
        caught=[
            ("docs/running.md", "cd /wor" + "k/main"),
            ("requirements.txt", "https://pyp" + "i.org/simple"),
            ("deploy/x.py", "path = '/hom" + "e/alice'"),
        ],
        allowed=[("docs/running.md", "DATA_DIR=/srv/guildhall and https://example.org/work/x")],
    ),
    words.tests_never_sleep: Cases(
        caught=[
            ("tests/test_x.py", "import time\ntime.sleep(1)"),
            ("tests/test_x.py", "from time import sleep\nsleep(1)"),
        ],
        allowed=[("tests/test_x.py", "done.wait(5)"), ("deploy/x.py", "import time\ntime.sleep(1)")],
    ),
    words.tests_mock_nothing_of_ours: Cases(
        caught=[
            ("tests/test_x.py", "with mock.patch('bookings.services.book_slot'):\n    pass"),
            ("tests/test_x.py", "@patch('lib.paging.page')\ndef test(): ..."),
        ],
        allowed=[("tests/test_x.py", "with mock.patch('smtplib.SMTP'):\n    pass")],
    ),
}
