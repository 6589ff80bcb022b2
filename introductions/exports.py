"""New physicians as rows of a file."""

from collections.abc import Iterable, Iterator
from typing import Any

from introductions.models import NewPhysician

HEADER = [
    "Physician", "NPI", "Specialty", "Works at", "Service line", "Starts on", "Privileges from", "Payers", "Ideal patient", "How to refer",
    "Led by", "Practices to meet", "Tasks done", "Tasks",
]  # fmt: skip

BELONGS = {"physician": ("Physician", "NPI", "Specialty", "Works at"), "starts": ("Starts on",), "privileges": ("Privileges from",),
           "tasks-done": ("Tasks done", "Tasks")}  # fmt: skip


def rows(physicians: Iterable[NewPhysician]) -> Iterator[list[Any]]:
    for row in physicians:
        payers = "; ".join(f"{item.payer} {item.effective_on:%Y-%m-%d}" for item in row.payers.all())
        counts = [getattr(row, name) for name in ("target_count", "done_count", "step_count")]
        yield [
            str(row.provider), row.provider.npi, str(row.provider.specialty or ""), str(row.organization or ""),
            str(row.service_line or ""), row.start_on, row.credentialed_on, payers, row.ideal_patient, row.how_to_refer,
            str(row.led_by), *counts,
        ]  # fmt: skip
