"""In which state a batch may be mapped, checked, loaded or discarded."""

import datetime as dt

from common.exceptions import PolicyViolation
from jobs.models import JobState
from referrals.models import BatchState, ImportBatch, MarketFile, MarketFileState, Payer

_WAITING = frozenset({BatchState.UPLOADED, BatchState.CHECKED})
_UNDER_WAY = frozenset({BatchState.CHECKING, BatchState.LOADING})


def has_stopped(batch: ImportBatch) -> bool:
    """Its job gave up (a bug, or killed three times): nothing was written, and somebody may ask again."""
    under_way = batch.state in _UNDER_WAY or batch.state == BatchState.UNDOING
    return under_way and (batch.job is None or batch.job.state in {JobState.FAILED, JobState.CANCELLED})


def is_stuck(batch: ImportBatch) -> bool:
    """A check or a load that gave up; an undo that did leaves a loaded batch behind, which nobody may discard."""
    return has_stopped(batch) and batch.state != BatchState.UNDOING


def can_map(batch: ImportBatch) -> bool:
    return bool(batch.stored_as) and (batch.state in _WAITING or is_stuck(batch))


def can_check(batch: ImportBatch) -> bool:
    return can_map(batch) and bool(batch.mapping)


def can_load(batch: ImportBatch) -> bool:
    return can_check(batch)


def can_discard(batch: ImportBatch) -> bool:
    """What is being written ends first; what is loaded stays."""
    return batch.state in _WAITING or batch.state == BatchState.CHECKING or is_stuck(batch)


def can_undo(batch: ImportBatch) -> bool:
    """What was loaded can be taken back; an undo that gave up wrote nothing and can be asked for again."""
    return batch.state == BatchState.LOADED or (batch.state == BatchState.UNDOING and has_stopped(batch))


def check_can_map(batch: ImportBatch) -> None:
    if not can_map(batch):
        raise PolicyViolation(_why_not(batch))


def check_can_start(batch: ImportBatch) -> None:
    """Both the dry run and the load."""
    check_can_map(batch)
    if not batch.mapping:
        raise PolicyViolation("No mapping fits this file yet. Say which column is which first.")


def check_can_discard(batch: ImportBatch) -> None:
    if not can_discard(batch):
        raise PolicyViolation(_why_not(batch))


def check_can_undo(batch: ImportBatch) -> None:
    if can_undo(batch):
        return
    match batch.state:
        case BatchState.UNDOING:
            raise PolicyViolation("This import is being undone already.")
        case BatchState.UNDONE:
            raise PolicyViolation("This import was undone already.")
    raise PolicyViolation("This file was never loaded, so there is nothing to undo.")


def _why_not(batch: ImportBatch) -> str:
    match batch.state:
        case BatchState.LOADED:
            return "This file is loaded already."
        case BatchState.UNDOING | BatchState.UNDONE:
            return "This import was undone. Upload the file again."
        case BatchState.DISCARDED:
            return "This import was discarded. Upload the file again."
        case BatchState.CHECKING:
            return "This file is being checked. Wait for the end of the check."
        case BatchState.LOADING:
            return "This file is being loaded. Wait for the end of the import."
    return "The uploaded file was deleted. Files are kept for 24 hours; upload it again."


def can_read_market_file(file: MarketFile) -> bool:
    """Checked or loaded while we have it, and once."""
    return bool(file.stored_as) and file.state in {MarketFileState.UPLOADED, MarketFileState.CHECKED}


def check_can_read_market_file(file: MarketFile) -> None:
    if not can_read_market_file(file):
        raise PolicyViolation("This file is no longer waiting. Upload it again.")


def can_undo_market_file(file: MarketFile) -> bool:
    return file.state == MarketFileState.LOADED


def check_can_undo_market_file(file: MarketFile) -> None:
    if not can_undo_market_file(file):
        raise PolicyViolation("Only a file that is loaded can be undone.")


def check_capacity_day(day: dt.date, *, today: dt.date) -> None:
    """What holds is told, not what is hoped for."""
    if day > today:
        raise PolicyViolation("This day lies in the future. Say what holds today, or held on a day before.")


def check_payer_is_new(name: str) -> None:
    """Names are one whatever their case; a name that was merged away is one too."""
    if known := Payer.every.filter(name__iexact=name).first():
        raise PolicyViolation("This payer is on the list already." if known.merged_into is None else f"This is a name of {known.standing}.")


def check_can_merge_payers(*, survivor: Payer, merged: Payer) -> None:
    """Two different payers, neither of them a name of another."""
    if survivor.pk == merged.pk:
        raise PolicyViolation("Choose two different payers.")
    for payer in (survivor, merged):
        if payer.merged_into is not None:
            raise PolicyViolation(f"{payer} is a name of {payer.standing} already.")
