"""Why an answer came out: every rule, everything that it asked, and where the person stood in its rollout."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from featureflags.evaluation import operators
from featureflags.evaluation.bucketing import SCALE, BadContext, bucket
from featureflags.evaluation.definitions import PERSON, Plain
from featureflags.evaluation.engine import Context, Decision, Flag, Flags, Rule, Step, _met, evaluate
from featureflags.evaluation.wording import condition_in_words, percent, required_in_words, served_in_words


class Told(NamedTuple):
    """A rule with all that it asked. `outcome` is one of taken, passed, not asked."""

    name: str
    serves: str
    outcome: str
    steps: list[Step]


class Explanation(NamedTuple):
    decision: Decision
    before: list[Step]
    rules: list[Told]


def explain(flags: Flags, key: str, context: Context, now: float) -> Explanation:
    """Return the same decision as `evaluate`, with its reasons; every rule is shown, those after the answer too."""
    decision = evaluate(flags, key, context, now)
    flag = flags.get(key)
    if flag is None or decision.error:
        return Explanation(decision, [], [])
    before = [Step("it is not killed", not flag.killed)]
    before += [
        _asked(required_in_words(name, variants), partial(_met, ((name, variants),), context, now, flags))
        for name, variants in flag.requires
    ]
    asked = all(step.held for step in before)
    told = []
    for index, (rule, plain) in enumerate(zip(flag.rules, flag.plain["rules"], strict=True)):
        steps = _steps(rule, plain, flag, context, now, flags)
        outcome = "taken" if index == decision.rule else "passed" if asked else "not asked"
        told.append(Told(rule.name, served_in_words(plain), outcome, steps))
        asked = asked and index != decision.rule
    return Explanation(decision, before, told)


def _steps(rule: Rule, plain: Plain, flag: Flag, context: Context, now: float, flags: Flags) -> list[Step]:
    steps = []
    # In the order in which the engine built its checks.
    checks = iter(rule.checks)
    for asks in _questions(plain):
        steps.append(_asked(asks, partial(next(checks), context, now, flags)))
    if plain["share"] < SCALE or "weights" in plain:
        steps.append(_place(rule, plain, context))
    return steps


def _asked(asks: str, held: Callable[[], bool]) -> Step:
    """Return the step; what the decision itself never came to may be something that this context cannot answer."""
    try:
        return Step(asks, held())
    except BadContext:
        return Step(asks, False)


def _questions(plain: Plain) -> list[str]:
    asks = []
    if plain["from"] or plain["until"]:
        words = [f"{word} {plain[word]}" for word in ("from", "until") if plain[word]]
        asks.append(f"the moment is {' '.join(words)}")
    if plain["people"]:
        asks.append(f"the person is one of {len(plain['people'])} named")
    asks += [condition_in_words(each) for each in plain["conditions"]]
    if plain["segments"]:
        asks.append(f"in the segment {' or '.join(plain['segments'])}")
    if plain["requires"]:
        asks.append(" and ".join(required_in_words(*pair) for pair in plain["requires"].items()))
    return asks


def _place(rule: Rule, plain: Plain, context: Context) -> Step:
    sticks = "the person, else the device" if rule.sticky == PERSON else rule.sticky
    try:
        value = rule.value_to_hash(context)
        if value is None:
            return Step(f"sticks to {sticks}, and the context has none", False)
        place = bucket(rule.salt, value)
        if rule.one is not None:
            return Step(f"stands at {percent(place)}, of {percent(rule.share)} let in", place < rule.share)
        entry = bucket(f"{rule.salt}/share", value) if rule.share < SCALE else 0
        words = f"stands at {percent(place)} among the variants"
        if rule.share < SCALE:
            words += f", and at {percent(entry)} of {percent(rule.share)} let in"
        return Step(words, entry < rule.share)
    except BadContext as error:
        return Step(str(error), False)


def parse_moment(text: str) -> float | None:
    return operators.moment(text)
