"""From a posted page to a service call, and from a refusal back to the field that it is about."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.forms import BaseFormSet, Form

from featureflags import services
from featureflags.forms import FlagForm
from featureflags.models import Flag

RULE = re.compile(r"rules\[(\d+)\]\.?(\w*)")
FIELD_OF = {"from": "starts_at", "until": "ends_at", "weights": None, "requires": "requires"}


def row_number(text: str) -> int:
    """Return the number of a row that an address names; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def saved(form: FlagForm, rules: BaseFormSet, *, flag: Flag | None, by: Any) -> Flag | None:
    """Save what was posted; None when it was refused, and the forms say why."""
    if not (form.is_valid() and rules.is_valid()):
        return None
    kept = _kept(rules)
    state = form.state() | {"rules": [each.rule() for each in kept]}
    if flag is not None:
        state |= {"key": flag.key, "type": flag.type}
        state |= {"killed": flag.killed_at is not None, "archived": flag.archived_at is not None}
    try:
        version = form.cleaned_data["version"] if flag is not None else None
        return services.change_flag(state=state, version=version, why=form.cleaned_data["why"], by=by)
    except services.DefinitionRefused as error:
        _tell(form, kept, error)
    except services.FlagError as error:
        form.add_error(None, str(error))
    return None


def _kept(rules: BaseFormSet) -> list[Any]:
    """Return the forms of the rules that stay, in the order that was asked for."""
    count = rules.initial_form_count()
    kept = [
        (each.cleaned_data.get("ORDER"), index, each)
        for index, each in enumerate(rules.forms)
        if not each.cleaned_data.get("DELETE") and (index < count or each.has_changed())
    ]
    return [each for _, _, each in sorted(kept, key=lambda row: (row[0] is None, row[0] or 0, row[1]))]


def _tell(form: FlagForm, kept: list[Any], error: services.DefinitionRefused) -> None:
    match = RULE.match(error.field)
    if match and int(match[1]) < len(kept):
        blame(kept[int(match[1])], FIELD_OF.get(match[2], match[2]), error.reason)
        form.add_error(None, f"Rule {int(match[1]) + 1}: {error.reason}.")
    else:
        blame(form, error.field.partition(".")[0].partition("[")[0], error.reason)


def blame(form: Form, field: str | None, reason: str) -> None:
    form.add_error(field if field in form.fields else None, f"{reason[:1].upper()}{reason[1:]}.")


def addresses_of(rules: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return ids and mail addresses of the people whom the rules name."""
    return services.addresses_of(ids=[each for rule in rules for each in rule["people"]])


def words_of(act: str, key: str) -> str:
    words = {
        "kill": f"{key} is killed: everybody gets its off variant within a second.",
        "restore": f"{key} decides again.",
        "archive": f"{key} is archived: code that still asks gets its own default.",
    }
    return words.get(act, f"{key} is back from the archive.")
