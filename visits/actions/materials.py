"""Materials: what is left on a visit, what comes in, what a count found. Each change of stock is a move; none is ever rewritten."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from visits.models import Material, MoveKind, StockMove, Visit, VisitMaterial

Given = Sequence[tuple[Material, int]]
MOST_PIECES = 10_000


def hand_out(visit: Visit, given: Given, *, by: User) -> bool:
    """Make these what was left on the visit; stock follows the difference. Stock below zero is kept and shown: it wants counting."""
    wanted = pieces_of(given)
    stored = {row.material_id: row for row in visit.materials.select_related("material")}
    changed = {pk: wanted.get(pk, 0) - (stored[pk].quantity if pk in stored else 0) for pk in {*wanted, *stored}}
    changed = {pk: pieces for pk, pieces in changed.items() if pieces}
    if not changed:
        return False
    VisitMaterial.objects.filter(visit=visit).exclude(material__in=wanted).delete()
    for pk, quantity in wanted.items():
        VisitMaterial.objects.update_or_create(visit=visit, material_id=pk, defaults={"quantity": quantity})
    _move({pk: -pieces for pk, pieces in changed.items()}, visit=visit, by=by)
    return True


def take_back(visit: Visit, *, by: User) -> None:
    """The visit was deleted: what it handed out is in stock again."""
    _move({row.material_id: row.quantity for row in visit.materials.all()}, visit=visit, by=by)


def hand_out_again(visit: Visit, *, by: User) -> None:
    """The visit was brought back."""
    _move({row.material_id: -row.quantity for row in visit.materials.all()}, visit=visit, by=by)


@transaction.atomic
def save_material(
    *, by: User, name: str, kind: str, reorder_at: int | None = None, is_active: bool = True, material: Material | None = None
) -> Material:
    """Add a material, change it, or take it off the form; visits keep theirs."""
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change the list of materials.")
    event = "material.edited" if material else "material.added"
    changes = {"name": name.strip(), "kind": kind, "reorder_at": reorder_at, "is_active": is_active}
    if material is None:
        material = Material.objects.create(**changes)
    else:
        for field, value in changes.items():
            setattr(material, field, value)
        material.save(update_fields=list(changes))  # the stock moves by itself, also while somebody has this form open
    record(event, by=by, target=material, kind=kind, reorder_at=reorder_at, is_active=is_active)
    return material


@transaction.atomic
def receive_stock(*, material: Material, pieces: int, note: str = "", by: User) -> StockMove:
    """A delivery came in."""
    _check_can_move(by, material)
    if not 1 <= pieces <= MOST_PIECES:
        raise PolicyViolation(f"Enter how many pieces came in: 1 to {MOST_PIECES:,}.")
    return _moved(material.pk, pieces, kind=MoveKind.RECEIVED, note=note, by=by)


@transaction.atomic
def count_stock(*, material: Material, counted: int, note: str = "", by: User) -> StockMove:
    """Somebody counted: from now on the stock is what was found; the difference stands in the history."""
    _check_can_move(by, material)
    if not 0 <= counted <= MOST_PIECES:
        raise PolicyViolation(f"Enter how many pieces are there: 0 to {MOST_PIECES:,}.")
    material = Material.objects.select_for_update().get(pk=material.pk)
    return _moved(material.pk, counted - material.stock, kind=MoveKind.COUNTED, note=note, by=by)


def pieces_of(given: Given) -> Mapping[int, int]:
    """Pieces of each material; a material named twice adds up."""
    wanted: dict[int, int] = {}
    for material, quantity in given:
        wanted[material.pk] = wanted.get(material.pk, 0) + quantity
    if any(not 1 <= quantity <= MOST_PIECES for quantity in wanted.values()):
        raise PolicyViolation(f"Enter how many pieces were left: 1 to {MOST_PIECES:,}.")
    return wanted


def _move(changes: Mapping[int, int], *, visit: Visit, by: User) -> None:
    """In the order of the materials, so that two visits saved at once never wait for each other."""
    with_stock = set(Material.objects.filter(pk__in=changes).exclude(kind="digital").values_list("pk", flat=True))
    for pk in sorted(with_stock):
        _moved(pk, changes[pk], kind=MoveKind.HANDED_OUT if changes[pk] < 0 else MoveKind.TAKEN_BACK, visit=visit, by=by)


def _moved(pk: int, pieces: int, *, kind: str, by: User, visit: Visit | None = None, note: str = "") -> StockMove:
    Material.objects.filter(pk=pk).update(stock=F("stock") + pieces)
    material = Material.objects.get(pk=pk)
    move = StockMove.objects.create(
        material=material, kind=kind, pieces=pieces, stock_after=material.stock, visit=visit, note=note.strip(), moved_by=by
    )
    if visit is None:
        record("material.stock_moved", by=by, target=material, kind=kind, pieces=pieces, stock=material.stock)
    return move


def _check_can_move(by: User, material: Material) -> None:
    if not by.can(Permission.VISIT_LOG):
        raise PolicyViolation("Only those who log visits change the stock.")
    if not material.has_stock:
        raise PolicyViolation(f"{material} is digital: it has no stock.")
