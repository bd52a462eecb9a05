"""What a flag and a segment may say, and why they may not: plain dictionaries in, normal ones or `Refused` out.

A flag: `key`, `type`, `variants` (name: value), `off`, `default`, `salt`, `requires` ({flag: [variants]}), `rules`.
A rule: `name`, `people`, `segments`, `conditions`, `requires`, `from`, `until`, `sticky`, `share` (of 100,000), and
`serve` (a variant) or `weights` (variant: of 100,000). A segment: `key`, `people`, `conditions`.
A condition: `attribute`, `operator`, `value`, `negate`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from featureflags.evaluation import operators
from featureflags.evaluation.bucketing import SCALE

Plain = dict[str, Any]

KEY = re.compile(r"[a-z][a-z0-9_.-]{0,79}", re.ASCII)
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}", re.ASCII)
KEY_WORDS = "starts with a small letter and holds at most 80 small letters, digits, dots, dashes and underscores"
TYPES = ("boolean", "string", "number", "json")
VARIANTS_MAX = 20
RULES_MAX = 50
CONDITIONS_MAX = 50
PEOPLE_MAX = 5000
REQUIRES_MAX = 10
NAME_MAX = 80
STRING_MAX = 2000
JSON_BYTES_MAX = 16_384
JSON_DEPTH_MAX = 20
PERSON = "person"
SURROGATE = re.compile("[\ud800-\udfff]")


class Refused(Exception):
    """A definition cannot hold: `field` says where (`rules[1].weights`), `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def _refuse_unless(holds: object, field: str, reason: str) -> None:
    if not holds:
        raise Refused(field, reason)


def _list(value: Any, field: str, most: int) -> list[Any]:
    _refuse_unless(isinstance(value, list), field, "must be a list")
    _refuse_unless(len(value) <= most, field, f"has {len(value)} entries; at most {most}")
    return list(value)


def _known(plain: Any, field: str, fields: set[str]) -> Mapping[str, Any]:
    _refuse_unless(isinstance(plain, dict), field, "must be an object")
    unknown = sorted(str(name)[:40] for name in set(plain) - fields)
    _refuse_unless(not unknown, field, f"has no {', '.join(unknown[:5])}; there are {', '.join(sorted(fields))}")
    return dict(plain)


def storable(text: str) -> bool:
    """Tell whether Postgres can keep the text: no zero byte, no half of a character."""
    return "\0" not in text and (text.isascii() or not SURROGATE.search(text))


def _text(value: Any, field: str, most: int, *, empty: bool = True) -> str:
    _refuse_unless(isinstance(value, str), field, "must be text")
    _refuse_unless(storable(value), field, "holds a character that cannot be stored")
    _refuse_unless(empty or value.strip(), field, "must not be empty")
    _refuse_unless(len(value) <= most, field, f"has {len(value)} characters; at most {most}")
    return str(value)


def key(value: Any, field: str = "key") -> str:
    _refuse_unless(isinstance(value, str) and KEY.fullmatch(value), field, KEY_WORDS)
    return str(value)


# --- Variants ---------------------------------------------------------------------------------------------


def _depth(value: Any) -> int:
    """Return how deep lists and objects nest, without recursion of our own."""
    deepest, level = 0, [value]
    while level and deepest <= JSON_DEPTH_MAX:
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        deepest += 1
    return deepest


def _json(value: Any, field: str) -> None:
    _refuse_unless(isinstance(value, dict | list), field, "must be a JSON object or list")
    _refuse_unless(_depth(value) <= JSON_DEPTH_MAX, field, f"nests deeper than {JSON_DEPTH_MAX} levels")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError) as error:
        raise Refused(field, "is not JSON") from error
    _refuse_unless(storable(text) and "\\u0000" not in text, field, "holds a character that cannot be stored")
    size = len(text.encode())
    _refuse_unless(size <= JSON_BYTES_MAX, field, f"takes {size:,} bytes; a variant takes at most {JSON_BYTES_MAX:,}")


def _variant_value(kind: str, value: Any, field: str) -> None:
    if kind == "boolean":
        _refuse_unless(isinstance(value, bool), field, "must be true or false")
    elif kind == "string":
        _text(value, field, STRING_MAX)
    elif kind == "number":
        fits = operators.number(value) is not None and abs(value) <= operators.NUMBER_LARGEST
        _refuse_unless(fits, field, "must be a number of at most 64 bits")
    else:
        _json(value, field)


def _variants(value: Any, kind: str) -> dict[str, Any]:
    _refuse_unless(isinstance(value, dict), "variants", "must be an object of names and values")
    _refuse_unless(value, "variants", "needs at least one variant")
    _refuse_unless(len(value) <= VARIANTS_MAX, "variants", f"has {len(value)} entries; at most {VARIANTS_MAX}")
    for name, held in value.items():
        key(name, "variants")
        _variant_value(kind, held, f"variants.{name}")
    return dict(value)


def _variant(value: Any, variants: Mapping[str, Any], field: str) -> str:
    known = isinstance(value, str) and value in variants
    _refuse_unless(known, field, f"must be one of the variants {', '.join(variants)}")
    return str(value)


# --- Conditions, people, prerequisites --------------------------------------------------------------------


def conditions(value: Any, field: str) -> list[Plain]:
    """Return normal conditions; raise Refused for an unknown operator, a bad value, or a set that never matches."""
    found = []
    for index, each in enumerate(_list(value, field, CONDITIONS_MAX)):
        here = f"{field}[{index}]"
        plain = _known(each, here, {"attribute", "operator", "value", "negate"})
        name = plain.get("attribute")
        fits = isinstance(name, str) and ATTRIBUTE.fullmatch(name)
        _refuse_unless(fits, f"{here}.attribute", "needs the name of an attribute, such as email")
        try:
            operators.build(plain.get("operator"), plain.get("value"))
        except operators.BadValue as error:
            at = "value" if plain.get("operator") in operators.OPERATORS else "operator"
            raise Refused(f"{here}.{at}", str(error)) from error
        negate = plain.get("negate", False)
        _refuse_unless(isinstance(negate, bool), f"{here}.negate", "must be true or false")
        for text in plain["value"] if isinstance(plain.get("value"), list) else [plain.get("value")]:
            _refuse_unless(not isinstance(text, str) or storable(text), f"{here}.value", "cannot be stored")
        found.append({"attribute": name, "operator": plain["operator"], "value": plain.get("value"), "negate": negate})
    return found


def people(value: Any, field: str) -> list[str]:
    names = [_text(each, field, 200, empty=False).strip() for each in _list(value, field, PEOPLE_MAX)]
    return list(dict.fromkeys(names))


def requires(value: Any, field: str) -> dict[str, list[str]]:
    _refuse_unless(isinstance(value, dict), field, "must be an object of flags and lists of their variants")
    _refuse_unless(len(value) <= REQUIRES_MAX, field, f"has {len(value)} entries; at most {REQUIRES_MAX}")
    found = {}
    for flag, wanted in value.items():
        names = [key(name, f"{field}.{flag}") for name in _list(wanted, f"{field}.{flag}", VARIANTS_MAX)]
        _refuse_unless(names, f"{field}.{flag}", "needs at least one variant: an empty list never matches")
        found[key(flag, field)] = list(dict.fromkeys(names))
    return found


# --- Rules ------------------------------------------------------------------------------------------------

RULE_FIELDS = {
    *("name", "people", "segments", "conditions", "requires", "from", "until", "sticky", "share", "serve", "weights"),
}


def _share(value: Any, field: str) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= SCALE
    _refuse_unless(fits, field, f"must be a whole number from 0 to {SCALE:,} (that is 100 %)")
    return int(value)


def _weights(value: Any, variants: Mapping[str, Any], field: str) -> dict[str, int]:
    _refuse_unless(isinstance(value, dict) and value, field, "must be an object of variants and shares")
    for name, share in value.items():
        _variant(name, variants, field)
        _share(share, f"{field}.{name}")
    total = sum(value.values())
    _refuse_unless(total == SCALE, field, f"add up to {total / 1000:g} %, and not to 100 %")
    return dict(value)


def _moment(value: Any, field: str) -> str | None:
    if value in (None, ""):
        return None
    fits = isinstance(value, str) and operators.moment(value) is not None
    _refuse_unless(fits, field, "must be a moment such as 2026-11-28T14:00+00:00")
    return str(value)


def _rule(value: Any, variants: Mapping[str, Any], field: str) -> Plain:
    plain = _known(value, field, RULE_FIELDS)
    rule: Plain = {
        "name": _text(plain.get("name", ""), f"{field}.name", NAME_MAX),
        "people": people(plain.get("people", []), f"{field}.people"),
        "segments": [key(each, f"{field}.segments") for each in _list(plain.get("segments", []), field, 20)],
        "conditions": conditions(plain.get("conditions", []), f"{field}.conditions"),
        "requires": requires(plain.get("requires", {}), f"{field}.requires"),
        "from": _moment(plain.get("from"), f"{field}.from"),
        "until": _moment(plain.get("until"), f"{field}.until"),
        "sticky": plain.get("sticky", PERSON),
        "share": _share(plain.get("share", SCALE), f"{field}.share"),
    }
    sticky = rule["sticky"]
    fits = isinstance(sticky, str) and ATTRIBUTE.fullmatch(sticky)
    _refuse_unless(fits, f"{field}.sticky", "must be person, device or the name of an attribute")
    either = ("serve" in plain) != ("weights" in plain)
    _refuse_unless(either, f"{field}.serve", "a rule serves one variant, or several by weights")
    if "weights" in plain:
        rule["weights"] = _weights(plain["weights"], variants, f"{field}.weights")
    else:
        rule["serve"] = _variant(plain["serve"], variants, f"{field}.serve")
    return rule


FLAG_FIELDS = {"key", "type", "variants", "off", "default", "salt", "requires", "rules"}


def flag(value: Any) -> Plain:
    """Return the normal form of a flag by itself; `consistency` judges it among the others."""
    plain = _known(value, "flag", FLAG_FIELDS)
    kind = plain.get("type")
    _refuse_unless(kind in TYPES, "type", f"must be one of {', '.join(TYPES)}")
    name = key(plain.get("key"))
    variants = _variants(plain.get("variants"), str(kind))
    rules = _list(plain.get("rules", []), "rules", RULES_MAX)
    return {
        "key": name,
        "type": kind,
        "variants": variants,
        "off": _variant(plain.get("off"), variants, "off"),
        "default": _variant(plain.get("default"), variants, "default"),
        "salt": _text(plain.get("salt") or name, "salt", NAME_MAX, empty=False),
        "requires": requires(plain.get("requires", {}), "requires"),
        "rules": [_rule(each, variants, f"rules[{index}]") for index, each in enumerate(rules)],
    }


def segment(value: Any) -> Plain:
    """Return the normal form of a segment: it holds those people, and everybody who meets all of the conditions."""
    plain = _known(value, "segment", {"key", "people", "conditions"})
    found = {
        "key": key(plain.get("key")),
        "people": people(plain.get("people", []), "people"),
        "conditions": conditions(plain.get("conditions", []), "conditions"),
    }
    _refuse_unless(found["people"] or found["conditions"], "conditions", "a segment without people needs a condition")
    return found
