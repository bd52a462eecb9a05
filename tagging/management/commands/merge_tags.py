"""Merge one tag into another, undo it, or go on with what was left."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tagging import services
from tagging.models import Merge


class Command(BaseCommand):
    help = "Merge SOURCE into TARGET in batches; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="SOURCE TARGET")
        parser.add_argument("--reason", default="", help="stands in the tag's history")
        parser.add_argument("--undo", type=int, metavar="MERGE", help="undo a merge by its number")
        parser.add_argument("--dry-run", action="store_true", help="say what would be moved")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"] is not None:
                self._undo(options["undo"])
            elif not options["names"]:
                self.stdout.write(f"finished={services.continue_merges()}")
            elif len(options["names"]) != 2 or not options["reason"]:
                raise CommandError("name SOURCE and TARGET, and say why with --reason")
            else:
                source, target = options["names"]
                self._merge(source, target, options["reason"], options["dry_run"])
        except services.TaggingError as error:
            raise CommandError(str(error)) from error

    def _merge(self, source_name: str, target_name: str, reason: str, dry_run: bool) -> None:
        (source,) = services.read_tags(names=[source_name])
        (target,) = services.read_tags(names=[target_name])
        if dry_run:
            self.stdout.write(f"would_move={source.usage_count}")
            return
        merge = services.begin_merge(source_id=source.pk, target_id=target.pk, by=None, reason=reason)
        moved = 0
        while batch := services.continue_merge(merge_id=merge.pk):
            moved += batch
            self.stderr.write(f"moved={moved}")
        self.stdout.write(f"merge={merge.pk} moved={moved}")

    def _undo(self, number: int) -> None:
        if not Merge.objects.filter(pk=number).exists():
            raise CommandError(f"there is no merge {number}")
        merge = services.undo_merge(merge_id=number, by=None)
        services.finish_merge(merge_id=merge.pk)
        self.stdout.write(f"undone={number}")
