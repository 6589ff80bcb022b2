"""One measure as rows: the shared answer of the command line, the API and a worker's run."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contacts.models import Provider
from referrals.models import Source
from reports.measures import MEASURES, Ask, Measure, Row
from reports.queries.cells import Where
from reports.queries.cuts import CUTS
from reports.queries.names import words_for
from reports.queries.wanted import WrongQuestion
from territories.scope import Scope

DIMENSIONS = tuple(CUTS)
NAMING = frozenset({"provider", "practice", "group"})  # cuts that name single sources, for those who may see them
WHOLE = Scope(whole=True)
# What a row may say beside numerator, denominator and value; told where the measure has it.
_EXTRA = ("low", "high", "undetermined", "known_share", "lowest", "highest", "immature", "remark")


def check(name: str, by: Sequence[str], where: Where | None = None, within: int | None = None) -> None:
    """Whether the measure can be cut so; says in a sentence why not."""
    if name not in MEASURES:
        raise WrongQuestion(f'There is no measure "{name}". There are: {", ".join(MEASURES)}.')
    measure, offered = MEASURES[name], [cut for cut in CUTS if cut in MEASURES[name].cuts]
    for asked, verb in ((by, "grouped"), (where or (), "narrowed")):
        for cut in asked:
            if cut not in CUTS:
                raise WrongQuestion(f'A measure cannot be {verb} by "{cut}". Choose one of: {", ".join(offered)}.')
            if cut not in measure.cuts:
                raise WrongQuestion(f'{measure.title} cannot be {verb} by "{cut}". Choose one of: {", ".join(offered)}.')
    if len(by) > 2 or len(set(by)) < len(by):
        raise WrongQuestion("Group by one thing, or by two different ones.")
    if within is not None and not measure.waits:
        raise WrongQuestion(f"{measure.title} waits for no outcome, so there are no days to choose.")
    if within is not None and not 1 <= within <= 730:
        raise WrongQuestion("An outcome is waited for 1 to 730 days.")


def measure(
    *,
    name: str,
    start: dt.date,
    end: dt.date,
    by: Sequence[str] = (),
    scope: Scope = WHOLE,
    where: Where | None = None,
    within: int | None = None,
) -> dict[str, Any]:
    """`{measure, start, end, data_through, rows: [{<by…>, numerator, denominator, value, …}]}`; one row without `by`.

    What cannot be measured at all says why in `remark`.

    Groups in which nothing was counted are left out, and with `by` provider what has no provider, or one without an NPI.
    """
    check(name, by, where, within)
    ask = Ask(start, end, tuple(by), dict(where or {}), scope, within)
    return answer(MEASURES[name], ask, MEASURES[name].evaluate(ask))


def measure_in_full(measure: Measure, ask: Ask) -> dict[str, Any]:
    """The same, with every group that a page lists, the id of each as `<cut>_id`, and the figure of all together as `whole`."""
    found = measure.evaluate(ask)
    return answer(measure, ask, found, whole=measure.evaluate(replace(ask, by=()))[0] if ask.by else found[0])


def answer(measure: Measure, ask: Ask, found: Sequence[Row], *, whole: Row | None = None) -> dict[str, Any]:
    """What was evaluated, in the words of an answer; with `whole`, in full."""
    words = [_words(cut, {row.key[place] for row in found}) for place, cut in enumerate(ask.by)]
    if whole is None:
        kept = [row for row in found if not ask.by or _is_told(row, ask.by, words)]
    else:
        kept = [row for row in found if not ask.by or not row.is_empty or row.remark]
    told = [extra for extra in _EXTRA if any(getattr(row, extra) not in (None, "") for row in kept)]
    more = list(dict.fromkeys(extra for row in kept for extra in row.more))
    rows = [
        {
            **{cut: words[place].get(row.key[place]) for place, cut in enumerate(ask.by)},
            **({f"{cut}_id": _id(row.key[place]) for place, cut in enumerate(ask.by)} if whole is not None else {}),
            **_figures(row, told, more),
        }
        for row in kept
    ]
    lacks = measure.lacks(ask)
    names = [*ask.by, *(f"{cut}_id" for cut in ask.by if whole is not None)]
    rows.sort(key=lambda row: [(row[name] is None, str(row[name])) for name in names])
    return {
        "measure": measure.name,
        "start": ask.start.isoformat(),
        "end": ask.end.isoformat(),
        "data_through": ask.data_through.isoformat() if ask.data_through else None,
        **({"whole": _figures(whole, _EXTRA, list(whole.more))} if whole is not None else {}),
        "rows": rows,
        **({"remark": lacks} if lacks else {}),
    }


def _figures(row: Row, extras: Sequence[str], more: Sequence[str]) -> dict[str, Any]:
    return {
        "numerator": row.numerator,
        "denominator": row.denominator,
        "value": row.value,
        **{extra: getattr(row, extra) for extra in extras},
        **{extra: row.more.get(extra) for extra in more},
    }


def _id(key: Any) -> Any:
    return key.isoformat() if isinstance(key, dt.date) else key


def _is_told(row: Row, by: Sequence[str], words: Sequence[dict[Any, str]]) -> bool:
    if not (row.numerator or row.denominator or row.immature or row.remark):
        return False
    return "provider" not in by or bool(words[list(by).index("provider")].get(row.key[list(by).index("provider")]))


def _words(cut: str, keys: set[Any]) -> dict[Any, str]:
    """How a file names each group: months as days, providers by NPI, feeds by the name that never changes, codes as they are."""
    ids = keys - {None}
    if cut == "month":
        return {month: month.isoformat() for month in ids}
    if cut in {"state", "flow", "kind", "reason"}:
        return {code: code for code in ids}
    if cut == "provider":
        return dict(Provider.objects.filter(pk__in=ids).exclude(npi="").values_list("pk", "npi"))
    if cut == "source":
        return dict(Source.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {pk: word for pk, word in words_for(cut, ids).items() if pk is not None}
