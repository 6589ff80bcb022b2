"""Files of FHIR resources → populations: bundles or one resource per line, in bounded memory, nothing kept of anybody."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from common.exceptions import InputError
from referrals.importing.formats.streams import resources
from reports.cms50.codes import Codes, replaced, value_sets
from reports.cms50.evaluating import Counts, Period, evaluate


def count(stream: IO[bytes], period: Period, codes: Codes | None = None) -> Counts:
    """The populations of all patients in one file. InputError for what is no FHIR, or holds no patient."""
    patients = 0

    def whole() -> Iterable[Mapping[str, Any]]:
        nonlocal patients
        for found in resources(stream, encoding="utf-8-sig"):
            if found.resource is None:
                raise InputError(f"Record {found.line:,}: {found.fault} Nothing was counted.")
            patients += found.resource.get("resourceType") == "Patient"
            yield found.resource

    counts = evaluate(whole(), period, codes)
    if not patients:
        raise InputError("There is no Patient resource in this file, so nobody can be counted. Export the patients with their records.")
    return counts


def with_expansions(files: Iterable[Path]) -> Codes:
    """The shipped value sets with those of the files in place of their older ones."""
    codes = value_sets()
    for file in files:
        try:
            codes = replaced(codes, [json.loads(file.read_text(encoding="utf-8-sig"))])
        except (OSError, UnicodeError, ValueError) as error:
            raise InputError(f"{file.name}: {error}") from error
    return codes
