"""The code set of specialties (NUCC): what the registry's codes mean, upgraded from one version of the file to the next.

What we call a specialty stays ours: a name is taken over only where we had none but the code, or the name that an earlier file gave.
"""

import re
from collections.abc import Sequence

from common.tables import Table
from contacts.importing.bulk import write_back
from contacts.importing.cells import Columns
from contacts.importing.outcome import Outcome, Progress, RowError
from contacts.models import Specialty, TaxonomyCode

NAME = "the code set of specialties (NUCC)"
_CODE = re.compile(r"[0-9A-Z]{9}X")
_INACTIVE = re.compile(r"marked inactive|retired", re.IGNORECASE)
_FIELDS = ("display_name", "classification", "specialization", "is_retired")


def load(table: Table, outcome: Outcome, progress: Progress | None = None) -> None:
    """Lay the file over the codes we know. A code that the file leaves out, or marks inactive, is retired; it keeps its name."""
    columns = Columns(table.headers, required=("Code", "Classification"), kind=NAME)
    known = {code.code: code for code in TaxonomyCode.objects.all()}
    before = {key: code.display_name for key, code in known.items()}
    told: dict[str, TaxonomyCode] = {}
    changed: dict[str, TaxonomyCode] = {}
    for line, values in outcome.read(table, progress):
        code = _read(columns, values)
        if isinstance(code, RowError):
            outcome.reject(line, code)
        elif code.code in told:
            outcome.reject(line, RowError("code given twice", f"{code.code} stands in an earlier line already."))
        elif old := known.get(code.code):
            told[code.code] = code
            differs = [name for name in _FIELDS if getattr(old, name) != getattr(code, name)]
            for name in differs:
                setattr(old, name, getattr(code, name))
            outcome.findings["code that was retired"] += "is_retired" in differs and code.is_retired
            outcome.count(new=False, changed=bool(differs))
            changed |= {code.code: old} if differs else {}
        else:
            told[code.code] = code
            outcome.findings["code that is inactive"] += code.is_retired
            outcome.count(new=True, changed=False)
    left_out = [code for key, code in known.items() if told and key not in told and not code.is_retired]
    for code in left_out:
        code.is_retired = True
    outcome.findings["code that was retired"] += len(left_out)
    TaxonomyCode.objects.bulk_create(code for key, code in told.items() if key not in known)
    write_back([*changed.values(), *left_out], _FIELDS)
    _rename(told, before, outcome)
    outcome.findings = +outcome.findings


def _read(columns: Columns, values: Sequence[str]) -> TaxonomyCode | RowError:
    code, *words = (columns.get(values, name) for name in ("Code", "Classification", "Specialization", "Display Name"))
    classification, specialization, display = (word[:120] for word in words)
    if not _CODE.fullmatch(code):
        return RowError("bad code", f'"{code[:20]}" is no taxonomy code: those have nine digits or capitals and an X.')
    name = display or ", ".join(filter(None, (classification, specialization)))[:120]
    if not name:
        return RowError("no name", f"{code} has neither a display name nor a classification.")
    return TaxonomyCode(
        code=code,
        display_name=name,
        classification=classification,
        specialization=specialization,
        is_retired=bool(_INACTIVE.search(columns.get(values, "Notes").partition("]")[0])),
    )


def _rename(told: dict[str, TaxonomyCode], before: dict[str, str], outcome: Outcome) -> None:
    """Specialties whose name nobody chose are called as the file says."""
    renamed = []
    for specialty in Specialty.objects.filter(code__in=told):
        name = told[specialty.code].display_name
        if specialty.name in (specialty.code, before.get(specialty.code)) and specialty.name != name:
            specialty.name = name
            renamed.append(specialty)
    write_back(renamed, ["name"])
    outcome.findings["specialty named"] += len(renamed)
