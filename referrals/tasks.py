"""Work of referrals that a worker does."""

import logging
from datetime import timedelta

from accounts.models import User
from audit.actions import record
from jobs.actions import Lease, forget_done, handler
from referrals import actions, inbox, rollups
from referrals.deriving import publish, rederive_in_steps
from referrals.importing import loading, relinking, rematching, renaming, undoing
from referrals.models import ImportBatch, MarketFile

log = logging.getLogger(__name__)


def _batch(lease: Lease) -> ImportBatch:
    return ImportBatch.objects.select_related("source", "uploaded_by", "undone_by").get(pk=lease.args[0])


@handler("referrals.dry_run")
def dry_run(lease: Lease) -> None:
    loading.check(_batch(lease), progress=lease.progress)


@handler("referrals.load")
def load(lease: Lease) -> None:
    loading.load(_batch(lease), progress=lease.progress)


@handler("referrals.undo")
def undo(lease: Lease) -> None:
    undoing.undo(_batch(lease), progress=lease.progress)


@handler("referrals.market_file")
def market_file(lease: Lease) -> None:
    """Check or load a file of market data or of capacity."""
    pk, dry_run = lease.args
    file = MarketFile.objects.select_related("uploaded_by").get(pk=pk)
    read = actions.read_market_file(file=file, by=file.uploaded_by, dry_run=dry_run, progress=lease.progress)
    lease.progress(1, 1, f"{read.rows:,} rows read")


@handler("referrals.relink")
def relink(lease: Lease) -> None:
    """What a feed sees, or how far orders reach, has changed: fold and link anew, then derive what that changes."""
    if rewritten := relinking.relink(lease.args, progress=lease.progress):
        publish(f"linked anew: {rewritten:,} referrals")


@handler("referrals.derive")
def derive(lease: Lease) -> None:
    """Contacts, territories or rules changed: derive what that concerns."""
    scope, ids = (*lease.args, [])[:2]
    if rederive_in_steps(scope, ids, progress=lease.progress):
        publish(f"derived anew: {scope}")


@handler("referrals.rematch")
def rematch(lease: Lease) -> None:
    """Contacts came in, or a person decided who is meant: who was unknown may be known now. The arguments say whom it concerns."""
    if rematching.rematch(*lease.args, progress=lease.progress):
        publish("contacts matched again")


@handler("referrals.merge_payers")
def merge_payers(lease: Lease) -> None:
    survivor_id, merged_id, by_id = lease.args
    by = User.objects.filter(pk=by_id).first()
    merge = renaming.merge_payers(survivor_id=survivor_id, merged_id=merged_id, by=by, progress=lease.progress)
    lease.progress(1, 1, f"{merge.merged} is {merge.survivor} now: {merge.referrals:,} referrals moved")


@handler("referrals.part_payer")
def part_payer(lease: Lease) -> None:
    name_id, by_id = lease.args
    looked_at = renaming.part_payer(name_id=name_id, by=User.objects.filter(pk=by_id).first(), progress=lease.progress)
    lease.progress(1, 1, f"Parted again: {looked_at:,} referrals worked out")


@handler("referrals.recount")
def recount(lease: Lease) -> None:
    """Every night: are the rollups what the facts say? A difference is a bug; it is told and never silently mended."""
    found = rollups.differences()
    lease.progress(1, 1, f"{len(found)} differences")
    if found:
        log.error("%s rollup cells differ from a recount of the facts", len(found))
        record("rollups.differ", by=None, cells=len(found), first=[f"{cell.rollup} {cell.key}" for cell in found[:10]])


@handler("referrals.forget_uploads")
def forget_uploads(lease: Lease) -> None:
    lease.progress(1, 1, f"{actions.forget_uploads()} files deleted")


@handler("referrals.watch_inbox")
def watch_inbox(lease: Lease) -> None:
    """Every minute: files that were put into a feed's folder."""
    lease.progress(1, 1, f"{inbox.look()} files taken in")
    forget_done(lease.name, older_than=timedelta(days=1))
