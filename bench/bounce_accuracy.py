"""How well bounces are told apart, on mails that the rules were not written from: the test corpus in the source
distribution of flufl.bounce, read by a person and labelled for what the address is worth afterwards.

    python -m bench.bounce_accuracy [FOLDER]     FOLDER: an unpacked source distribution; else pip fetches it

*Hard* is a mail that says of an address that it is dead: nobody of that name, no such host, closed. The others are full
boxes, delays, loops, refusals of the message, reports that give no reason, and mails that are no bounces. Recall is
the share of the first that were called hard; false hard is the share of the others that were.
"""

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

from emailqueue import bounces

NAME = "flufl.bounce==6.0.0"
HARD = {
    *("bounce_02", "dsn_10", "dsn_11", "dsn_12", "dsn_13", "dsn_14", "dsn_15", "dsn_16", "dsn_18", "exim_01"),
    *("groupwise_01", "groupwise_02", "llnl_01", "microsoft_01", "microsoft_02", "microsoft_04", "postfix_01"),
    *("qmail_03", "qmail_04", "qmail_05", "simple_04", "simple_05", "simple_06", "simple_08", "simple_11"),
    *("simple_12", "simple_13", "simple_15", "simple_19", "simple_23", "simple_25", "simple_26", "simple_27"),
    *("simple_29", "simple_30", "simple_33", "simple_34", "simple_36", "simple_37", "simple_39", "simple_41"),
    *("smtp32_03", "smtp32_04", "smtp32_05", "smtp32_06", "smtp32_07", "yahoo_03", "yahoo_05", "yahoo_06"),
    *("yahoo_07", "yahoo_08", "yahoo_09", "yahoo_10", "yahoo_11", "yahoo_13", "yale_01"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else fetch(Path(temporary))
        mails = {path.stem: path.read_bytes() for path in sorted(folder.glob("**/tests/data/*.txt"))}
        missing = HARD - set(mails)
        if missing:
            raise SystemExit(f"bench: the corpus is another one: {sorted(missing)} are not in it")
        sides: dict[str, Callable[[bytes], bool]] = {"ours": ours, "flufl.bounce": flufl}
        for name, says_hard in sides.items():
            said = {stem for stem, raw in mails.items() if says_hard(raw)}
            found, false = len(said & HARD), len(said - HARD)
            others = len(mails) - len(HARD)
            print(
                f"{name}: hard recall {found}/{len(HARD)} = {found / len(HARD):.1%},"
                f" false hard {false}/{others} = {false / others:.1%}"
            )
            if name == "ours":
                print(f"  missed: {' '.join(sorted(HARD - said)) or 'none'}")
                print(f"  false: {' '.join(sorted(said - HARD)) or 'none'}")


def fetch(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", folder, NAME],
        check=True,
    )
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def ours(raw: bytes) -> bool:
    return any(bounce.hard for bounce in bounces.classify(raw))


def flufl(raw: bytes) -> bool:
    from flufl.bounce import all_failures

    return bool(all_failures(message_from_bytes(raw))[1])


if __name__ == "__main__":
    main()
