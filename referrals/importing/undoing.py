"""An import taken back: what it said goes, and the facts are folded from what the others said, as if it had never come."""

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils import timezone

from audit.actions import record
from contacts.actions import forget_aliases
from contacts.models import Alias
from referrals.deriving import lock_facts, publish
from referrals.importing.folding import AGAIN, SENT
from referrals.importing.learning import forget_mapping
from referrals.importing.loading import forget_file
from referrals.importing.rematching import words_in_use
from referrals.importing.staging import PERCENT, Progress
from referrals.importing.writing import refold
from referrals.models import BatchState, Correction, ImportBatch, Payer
from territories.models import ServiceLine

_UNTOLD = f"SELECT id FROM undone WHERE NOT EXISTS (SELECT FROM {SENT} w WHERE w.referral_id = undone.id)"  # noqa: S608 - our own names


def undo(batch: ImportBatch, *, progress: Progress) -> None:
    """Take the batch's words away, in one transaction (the job's). Undone twice it does nothing."""
    if batch.state != BatchState.UNDOING:
        return
    progress(2, PERCENT, "Waiting for other imports to finish")
    with connection.cursor() as cursor:
        lock_facts(cursor)
        batch.state, batch.undone_at = BatchState.UNDONE, timezone.now()
        batch.save(update_fields=["state", "undone_at"])
        progress(10, PERCENT, "Taking away what it said")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.undone")
        cursor.execute(
            f"""CREATE TEMP TABLE undone ON COMMIT DROP AS
                SELECT referral_id AS id FROM {SENT} WHERE batch_id = %s UNION SELECT referral_id FROM {AGAIN} WHERE batch_id = %s""",  # noqa: S608
            [batch.pk, batch.pk],
        )
        cursor.execute("ANALYZE undone")
        cursor.execute(f"DELETE FROM {AGAIN} WHERE batch_id = %s", [batch.pk])  # noqa: S608 - our own table
        # Said again by others, it stays: as the word of the first of them.
        cursor.execute(
            f"""WITH heirs AS (
                    SELECT DISTINCT ON (a.referral_id, a.digest) a.referral_id, a.digest, a.batch_id, a.line
                    FROM {SENT} w JOIN {AGAIN} a ON a.referral_id = w.referral_id AND a.digest = w.digest
                    JOIN referrals_importbatch b ON b.id = a.batch_id WHERE w.batch_id = %s
                    ORDER BY a.referral_id, a.digest, b.loaded_at, b.id),
                inherited AS (DELETE FROM {AGAIN} a USING heirs h
                    WHERE (a.referral_id, a.digest, a.batch_id) = (h.referral_id, h.digest, h.batch_id))
                UPDATE {SENT} w SET batch_id = h.batch_id, line = h.line FROM heirs h
                WHERE w.referral_id = h.referral_id AND w.digest = h.digest""",  # noqa: S608 - our own names
            [batch.pk],
        )
        cursor.execute(f"DELETE FROM {SENT} WHERE batch_id = %s", [batch.pk])  # noqa: S608 - our own table
        forget_mapping(batch)
        progress(30, PERCENT, "Working out what the other imports said")
        changed = refold(cursor, "SELECT id FROM undone", gone=_UNTOLD, now=batch.undone_at)
        progress(90, PERCENT, "Taking away names that nobody else uses")
        _forget_names(cursor, batch)
        _forget_decisions(cursor, batch)
    forget_file(batch)
    batch.save()
    if changed:
        publish(f"import {batch.pk} of {batch.source.name} undone")
    record("import.undone", by=batch.undone_by, target=batch, why=batch.undone_why, referrals=changed)
    progress(PERCENT, PERCENT, f"{changed:,} referrals changed or taken out")


def _forget_decisions(cursor: CursorWrapper, batch: ImportBatch) -> None:
    """Decisions about words that nobody says any more, of this import and of those undone before whose words this one still said."""
    said_by = set(Alias.objects.exclude(came_with="").values_list("came_with", flat=True))
    undone = {str(pk) for pk in ImportBatch.objects.filter(pk__in=said_by, state=BatchState.UNDONE).values_list("pk", flat=True)}
    if undone:
        forget_aliases(came_with=undone, keep=words_in_use(cursor), by=batch.undone_by)


def _forget_names(cursor: CursorWrapper, batch: ImportBatch) -> None:
    """Payers and service lines that the batch named first go, unless they are used: then the next import that names them made them."""
    for kind, model in (("payers", Payer), ("service_lines", ServiceLine)):
        for named in model._default_manager.filter(pk__in=batch.made.get(kind, [])):
            links = [link.field for link in named._meta.get_fields(include_hidden=True) if isinstance(link, ForeignObjectRel)]
            column = f"{kind[:-1]}_id"
            corrected = Correction.objects.filter(Q(**{f"said__{column}": named.pk}) | Q(**{f"corrected__{column}": named.pk}))
            if not corrected.exists() and not any(field.model._base_manager.filter(**{field.name: named}).exists() for field in links):
                named.delete()
                continue
            cursor.execute(
                f"""SELECT b.id FROM {SENT} w JOIN referrals_importbatch b ON b.id = w.batch_id WHERE w.{column} = %s
                    ORDER BY b.loaded_at, b.id LIMIT 1""",  # noqa: S608 - our own names
                [named.pk],
            )
            for (heir_id,) in cursor.fetchall():
                heir = ImportBatch.objects.get(pk=heir_id)
                heir.made = {**heir.made, kind: [*heir.made.get(kind, []), named.pk]}
                heir.save(update_fields=["made"])
    batch.made = {}
