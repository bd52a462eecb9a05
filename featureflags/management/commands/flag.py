"""Look at flags and change them: `flag kill new_home --why "it burns"`."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from featureflags import services
from featureflags.evaluation.bucketing import SCALE, BadContext
from featureflags.evaluation.contexts import checked
from featureflags.evaluation.explanation import explain
from featureflags.models import Flag, FlagChange
from featureflags.snapshot import store

READ_MAX = 10_000_000


class Command(BaseCommand):
    help = "List, show, set, kill, restore, roll out, explain, export and import feature flags; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.set_defaults(act=None)
        acts = parser.add_subparsers(title="acts", metavar="ACT", required=True)

        def act(name: str, says: str, *, key: bool = True, why: bool = False) -> ArgumentParser:
            sub: ArgumentParser = acts.add_parser(name, help=says, description=says)
            sub.set_defaults(act=name)
            if key:
                sub.add_argument("key", metavar="KEY")
            if why:
                sub.add_argument("--why", required=True, help="the reason, for the history")
                sub.add_argument("--by", metavar="MAIL", help="who does it; nobody when left out")
            return sub

        listing = act("list", "One line a flag.", key=False)
        listing.add_argument("--stale", action="store_true", help="only flags that should go")
        listing.add_argument("--archived", action="store_true", help="the archived ones in their place")
        act("show", "All of a flag as JSON, and its last changes.")
        setting = act(
            "set", "Change fields: default=on owner=Carol tags='[\"home\"]'; values are JSON or text.", why=True
        )
        setting.add_argument("fields", nargs="*", metavar="FIELD=VALUE")
        setting.add_argument("--create", action="store_true", help="make a boolean flag when there is none")
        act("kill", "Serve `off` to everybody at once.", why=True)
        act("restore", "Let a killed flag decide again.", why=True)
        act("archive", "Put a flag away that no code asks for.", why=True)
        rollout = act("rollout", "Give a variant to a share of people.", why=True)
        rollout.add_argument("percent", help="from 0 to 100, in steps of 0.001")
        rollout.add_argument("--variant", default="", help="which; a boolean flag's is the one that is true")
        explaining = act("explain", "Say what somebody gets, and why.")
        explaining.add_argument("--context", default="{}", help='JSON, such as \'{"targetingKey": "7"}\'')
        exporting = act("export", "Write every flag and segment as JSON.", key=False)
        exporting.add_argument("file", nargs="?", help="standard output when left out")
        importing = act("import", "Say what a document would change; with --apply, change it.", key=False, why=True)
        importing.add_argument("file", help="- for standard input")
        importing.add_argument("--apply", action="store_true", help="after you have seen the difference")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except services.FlagError as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> None:
        flags = Flag.objects.archived() if options["archived"] else Flag.objects.active()
        for flag in flags.order_by("key"):
            stale = flag.staleness()
            if stale or not options["stale"]:
                state = "archived" if flag.archived_at else "killed" if flag.killed_at else "active"
                words = f"key={flag.key} type={flag.type} state={state} default={flag.default} rules={len(flag.rules)}"
                self.stdout.write(words + (f' stale="{stale}"' if stale else ""))

    def _show(self, options: dict[str, Any]) -> None:
        flag = self._flag(options)
        changes = FlagChange.objects.filter(flag=flag).order_by("-pk")[:10]
        told = [
            f"{each.at:%Y-%m-%d %H:%M} {each.by or 'nobody'}: {'; '.join(each.diff)} ({each.why})" for each in changes
        ]
        self.stdout.write(json.dumps(flag.state | {"changes": told}, indent=2, ensure_ascii=False))

    def _set(self, options: dict[str, Any]) -> None:
        flag = Flag.objects.named(options["key"]).first()
        if flag is None and not options["create"]:
            raise CommandError(f"there is no flag {options['key']}; --create makes one")
        state = flag.state if flag else _blank(options["key"])
        for pair in options["fields"]:
            name, sign, text = pair.partition("=")
            if not sign or name == "key":
                raise CommandError(f"{pair[:80]} is not FIELD=VALUE")
            state[name] = _value(text)
        saved = services.change_flag(
            state=state, version=flag.version if flag else None, why=options["why"], by=self._by(options)
        )
        self.stdout.write(
            f"key={saved.key} version={saved.version} changed={int(flag is None or saved.version > flag.version)}"
        )

    def _kill(self, options: dict[str, Any]) -> None:
        done = services.kill_flag(key=options["key"], why=options["why"], by=self._by(options))
        self.stdout.write(f"key={options['key']} killed={int(done)}")

    def _restore(self, options: dict[str, Any]) -> None:
        done = services.restore_flag(key=options["key"], why=options["why"], by=self._by(options))
        self.stdout.write(f"key={options['key']} restored={int(done)}")

    def _archive(self, options: dict[str, Any]) -> None:
        done = services.archive_flag(key=options["key"], why=options["why"], by=self._by(options))
        self.stdout.write(f"key={options['key']} archived={int(done)}")

    def _rollout(self, options: dict[str, Any]) -> None:
        try:
            share = round(float(options["percent"].rstrip("% ")) * SCALE / 100)
        except (ValueError, OverflowError):
            raise CommandError("the percentage must be a number from 0 to 100") from None
        done = services.roll_out_flag(
            key=options["key"], share=share, variant=options["variant"], why=options["why"], by=self._by(options)
        )
        self.stdout.write(f"key={options['key']} share={share} changed={int(done)}")

    def _explain(self, options: dict[str, Any]) -> None:
        self._flag(options)
        try:
            context = checked(json.loads(options["context"]))
        except (ValueError, RecursionError, BadContext) as error:
            raise CommandError(f"--context cannot be used: {error}") from error
        told = explain(store.fresh().flags, options["key"], context, time.time())
        for step in told.before:
            self.stdout.write(f"{'yes' if step.held else 'no '} {step.asks}")
        for rule in told.rules:
            self.stdout.write(f"rule {rule.name}: {rule.outcome}, serves {rule.serves}")
            for step in rule.steps:
                self.stdout.write(f"  {'yes' if step.held else 'no '} {step.asks}")
        found = told.decision
        self.stdout.write(f"key={options['key']} variant={found.variant or ''} reason={found.error or found.reason}")

    def _export(self, options: dict[str, Any]) -> None:
        text = json.dumps(services.export_flags(), indent=2, ensure_ascii=False)
        if not options["file"]:
            self.stdout.write(text)
            return
        try:
            Path(options["file"]).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}") from error
        self.stdout.write(f"flags={Flag.objects.count()} file={options['file']}")

    def _import(self, options: dict[str, Any]) -> None:
        dry = not options["apply"]
        found = services.import_flags(
            document=_document(options["file"]), why=options["why"], by=self._by(options), dry_run=dry
        )
        for name, lines in found.items():
            self.stdout.write(name)
            for line in lines:
                self.stdout.write(f"  {line}")
        self.stdout.write(f"differ={len(found)} applied={0 if dry else len(found)}")

    def _flag(self, options: dict[str, Any]) -> Flag:
        flag = Flag.objects.named(options["key"]).first()
        if flag is None:
            raise CommandError(f"there is no flag {options['key']}")
        return flag

    def _by(self, options: dict[str, Any]) -> Any:
        if not options["by"]:
            return None
        user = services.person_named(name=options["by"])
        if user is None:
            raise CommandError(f"nobody has the mail address {options['by']}")
        return user


def _blank(key: str) -> dict[str, Any]:
    return {"key": key, "type": "boolean", "variants": {"on": True, "off": False}, "off": "off", "default": "off"}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _document(name: str) -> Any:
    try:
        text = sys.stdin.read(READ_MAX) if name == "-" else Path(name).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{name} is not JSON: {error}") from error
