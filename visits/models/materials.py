"""What is brought along: brochures, samples of forms, boxes of pens; how much of it is left, and what was handed out on which visit."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from visits.models.visits import Visit


class MaterialKind(models.TextChoices):
    PRINT = "print", "Printed matter"
    FORM = "form", "Forms and pads"
    ITEM = "item", "Items"
    DIGITAL = "digital", "Digital, no stock"


class Material(models.Model):
    """Something to hand out. `stock` is the sum of its moves; it may go below zero, which says that it wants counting."""

    name = models.CharField(max_length=120, unique=True, error_messages={"unique": "There is a material with this name already."})
    kind = models.CharField(max_length=8, choices=MaterialKind, default=MaterialKind.PRINT)
    stock = models.IntegerField(default=0, editable=False)
    reorder_at = models.PositiveIntegerField("reorder at", null=True, blank=True, help_text="blank: nobody is reminded")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def has_stock(self) -> bool:
        """Digital material never runs out."""
        return self.kind != MaterialKind.DIGITAL

    @property
    def is_low(self) -> bool:
        """At or below the level at which it is to be ordered again, or counted below nothing."""
        return self.has_stock and (self.stock < 0 or (self.reorder_at is not None and self.stock <= self.reorder_at))


class MoveKind(models.TextChoices):
    RECEIVED = "received", "Received"
    HANDED_OUT = "handed out", "Handed out"
    TAKEN_BACK = "taken back", "Visit changed or deleted"
    COUNTED = "counted", "Counted"


class StockMove(models.Model):
    """One change of a material's stock: pieces more, or, below zero, fewer. Moves are never changed; a count corrects them."""

    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=MoveKind)
    pieces = models.IntegerField()
    stock_after = models.IntegerField()
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="stock_moves")
    note = models.CharField(max_length=200, blank=True)
    moved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-moved_at", "-pk")
        indexes = (models.Index(fields=["material", "-moved_at"], name="stock_move_material"),)

    def __str__(self) -> str:
        return f"{self.material}: {self.pieces:+d}"


class VisitMaterial(models.Model):
    """So many pieces of a material were left on a visit."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="materials")
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="handed_out")
    quantity = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ("material__name",)
        constraints = (
            models.UniqueConstraint(fields=["visit", "material"], name="visit_material_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="visit_material_some"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} {self.material}"
