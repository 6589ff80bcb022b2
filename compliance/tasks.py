"""Work of compliance that a worker does."""

from compliance.actions import ask_what_happened, settle_provider, settle_year
from jobs.actions import Lease, handler


@handler("compliance.settle_year")
def settle_a_year(lease: Lease) -> None:
    """A limit or a policy changed: what the year's spend asks for is found anew."""
    (year,) = lease.args
    lease.progress(0, 1, f"Holding {year} against its limits")
    settle_year(year=year)


@handler("compliance.settle_providers")
def settle_providers(lease: Lease) -> None:
    """Two records became one, or two again: their spend counts together, or apart."""
    (provider_ids,) = lease.args
    lease.progress(0, len(provider_ids), "Holding spend against its limits")
    for provider_id in provider_ids:
        settle_provider(provider_id=provider_id)


@handler("compliance.ask_what_happened")
def ask(lease: Lease) -> None:
    """Nightly: plans whose day is over are asked about."""
    lease.progress(0, 1, "Asking about plans whose day is over")
    ask_what_happened()
