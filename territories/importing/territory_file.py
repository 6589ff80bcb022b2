"""Read a file of territories (territory, parent, zip, county): which hang below which, and which ZIP codes and counties they get."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.csvsafe import unescape_cell
from common.exceptions import InputError
from common.places import county_named
from territories.models import RuleKind
from territories.ruling import Rule


@dataclass
class Plan:
    """What a file asks for. Names are told apart by `casefold`; `parents` and `rules` are keyed so."""

    rows: int = 0
    names: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    rules: dict[Rule, str] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)

    def parents_first(self) -> list[str]:
        """Every name after the one it hangs below."""
        ordered: dict[str, None] = {}
        for name in self.names:
            chain = []
            while name and name not in ordered:
                chain.append(name)
                name = self.parents.get(name, "")
            ordered.update(dict.fromkeys(reversed(chain)))
        return list(ordered)


def read(path: Path) -> Plan:
    """The plan of a CSV file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            reader.fieldnames = [header.strip().casefold() for header in reader.fieldnames or []]
            if "territory" not in reader.fieldnames:
                raise InputError("The file needs a column “territory”; “parent”, “zip” and “county” may stand beside it.")
            return make_plan(reader)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not in UTF-8. Save it as “CSV UTF-8”.") from error


def make_plan(rows: Iterable[Mapping[str, str | None]]) -> Plan:
    """Each row names a territory, and may say its parent, a ZIP code, a county. Bad rows are counted by reason and left out."""
    plan = Plan()
    for row in rows:
        plan.rows += 1
        name, parent, zip_, county = (
            " ".join(unescape_cell(row.get(column) or "").split()) for column in ("territory", "parent", "zip", "county")
        )
        if reason := _take(plan, name, parent, zip_, county):
            plan.rejected[reason] += 1
    return plan


def _take(plan: Plan, name: str, parent: str, zip_: str, county: str) -> str:
    """Put one row into the plan, whole or not at all; why not."""
    key, above = name.casefold(), parent.casefold()
    if not name:
        return "no territory"
    if len(name) > 80 or len(parent) > 80:
        return "name too long"
    if above and plan.parents.get(key, above) != above:
        return "second parent"
    if above and _is_below(plan, above, key):
        return "below itself"
    rules: list[Rule] = []
    if zip_:
        if not (digits := re.fullmatch(r"(\d{3,5})(-\d{4})?", zip_)):
            return "bad zip"
        rules.append(Rule(RuleKind.ZIP, digits[1].zfill(5)))  # spreadsheets drop leading zeros
    if county:
        if not (known := county_named(county)):
            return "unknown county"
        rules.append(Rule(RuleKind.COUNTY, known))
    if any(plan.rules.get(rule, key) != key for rule in rules):
        return "in two territories"
    plan.names.setdefault(key, name)
    if above:
        plan.names.setdefault(above, parent)
        plan.parents[key] = above
    plan.rules.update(dict.fromkeys(rules, key))
    return ""


def _is_below(plan: Plan, at: str, key: str) -> bool:
    while at:
        if at == key:
            return True
        at = plan.parents.get(at, "")
    return False
