"""The shapes of spend in JSON. Rules live in policies; here are names and types only."""

import base64
import binascii
import io
from collections.abc import Container
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from common.api import Seen
from common.exceptions import PolicyViolation
from compliance import policies
from compliance.actions.receipts import LARGEST, kind_of
from compliance.drafts import SpendDraft
from compliance.models import Receipt, SpendEntry, SpendKind, SpendShare, SpendState, SpendTask
from compliance.queries import payers
from contacts.models import Organization, Practice, Provider, Staff


class OurEntity(serializers.PrimaryKeyRelatedField):
    """One of our entities."""

    def get_queryset(self) -> Any:
        return payers()


# bytes of a receipt inside of JSON, whose whole may have DATA_UPLOAD_MAX_MEMORY_SIZE; larger ones are sent to the entry by themselves
INLINE_LARGEST = 1536 * 1024


class InlineReceiptSerializer(serializers.Serializer):
    """A receipt inside of JSON: a PDF or a picture as base64, at most 1.5 MB."""

    name = serializers.CharField(max_length=200)
    content = serializers.CharField(
        max_length=INLINE_LARGEST * 4 // 3,
        trim_whitespace=False,
        error_messages={"max_length": "This file is too large to come with a visit: at most 1.5 MB. Send it to the entry by itself."},
    )

    def validate_content(self, text: str) -> bytes:
        """The file itself, one that can be kept."""
        try:
            content = base64.b64decode(text, validate=True)
            policies.check_receipt(size=len(content), largest=LARGEST, kind=kind_of(content[:16]))
        except binascii.Error:
            raise serializers.ValidationError("Send the file as base64.") from None
        except PolicyViolation as refusal:
            raise serializers.ValidationError(str(refusal)) from None
        return content


def draft_from(sent: dict[str, Any]) -> SpendDraft:
    """What the actions ask for; receipts as files."""
    receipts = [(io.BytesIO(one["content"]), one["name"]) for one in sent.get("receipts", ())]
    return SpendDraft(**sent | {"receipts": receipts})


class _Given(serializers.Serializer):
    """What an occasion was. `family` names a physician as often as relatives came; `staff_count` are unnamed people of the office."""

    kind = serializers.ChoiceField(choices=SpendKind.choices, default=SpendKind.MEAL.value)
    amount = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal("0.01"))
    purpose = serializers.CharField(max_length=300)
    vendor = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    staff_count = serializers.IntegerField(min_value=0, max_value=1000, required=False, default=0)
    ours = serializers.IntegerField(min_value=0, max_value=100, required=False, default=0)
    payer = OurEntity(queryset=Organization.objects.none(), required=False, allow_null=True, default=None)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000, required=False, default=1)
    is_solicited = serializers.BooleanField(required=False, default=False)
    is_reported = serializers.BooleanField(required=False, default=False)
    is_none = serializers.BooleanField(required=False, default=False)
    receipts = InlineReceiptSerializer(many=True, required=False, max_length=5)  # type: ignore[call-arg]  # many=True takes max_length, which the stubs do not know


class VisitSpendDraftSerializer(_Given):
    """What was spent on a visit. Day and practice are the visit's; with nobody named, whom the visit met had part of it.

    `met`: whom the visit met had part of it, beside those who are named here. People are numbers: `visits.arrivals` finds who they are by
    the time that the visit arrives.
    """

    met = serializers.BooleanField(required=False, default=False)
    providers = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    family = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)
    staff = serializers.ListField(child=serializers.IntegerField(), required=False, default=list, max_length=100)


class SpendDraftSerializer(_Given):
    """An entry of its own. Planned, it is refused over a limit unless a manager sends `override_reason`; happened, it is always kept."""

    providers = Seen(queryset=Provider.objects.all(), many=True, required=False, default=list)
    family = Seen(queryset=Provider.objects.all(), many=True, required=False, default=list)
    staff = Seen(queryset=Staff.objects.all(), many=True, required=False, default=list)
    spent_on = serializers.DateField()
    state = serializers.ChoiceField(choices=[SpendState.PLANNED.value, SpendState.HAPPENED.value], default=SpendState.HAPPENED.value)
    practice = Seen(queryset=Practice.objects.all(), required=False, allow_null=True, default=None)
    override_reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class ShareSerializer(serializers.ModelSerializer):
    """One person's part; `provider` is blank where the physician is not in the reader's field."""

    name = serializers.SerializerMethodField()

    class Meta:
        model = SpendShare
        fields = ("role", "rule", "provider", "staff", "people", "amount", "counted", "name")
        read_only_fields = fields

    def get_name(self, share: SpendShare) -> str:
        return str(share)


class SpendEntrySerializer(serializers.ModelSerializer):
    """An entry as it is read: the parts of physicians outside the reader's field stand there without a name."""

    shares = serializers.SerializerMethodField()
    practice_name = serializers.CharField(source="practice.name", default="")
    receipts = serializers.SerializerMethodField()

    class Meta:
        model = SpendEntry
        fields = (
            "id",
            "spent_on",
            "kind",
            "amount",
            "quantity",
            "payer",
            "practice",
            "practice_name",
            "vendor",
            "purpose",
            "state",
            "is_solicited",
            "is_reported",
            "override_reason",
            "overridden_by",
            "recorded_by",
            "recorded_at",
            "cancel_reason",
            "shares",
            "receipts",
        )
        read_only_fields = fields

    def get_shares(self, entry: SpendEntry) -> list[dict[str, Any]]:
        seen: Container[int] = self.context["seen_shares"]
        rows = []
        for share in entry.shares.all():
            row = dict(ShareSerializer(share).data)
            if share.pk not in seen and share.provider_id:
                row |= {"provider": None, "name": "Somebody outside your territories"}
            rows.append(row)
        return rows

    def get_receipts(self, entry: SpendEntry) -> int:
        return len(entry.kept_receipts)


class ReceiptSerializer(serializers.ModelSerializer):
    """A receipt that is kept with an entry."""

    class Meta:
        model = Receipt
        fields = ("id", "name", "content_type", "size", "sha256", "added_by", "added_at")
        read_only_fields = fields


class NewReceiptSerializer(serializers.Serializer):
    """Multipart: the file."""

    file = serializers.FileField(max_length=200)


class SpendTaskSerializer(serializers.ModelSerializer):
    """An excess to repay or to approve, with its day."""

    class Meta:
        model = SpendTask
        fields = (
            "id",
            "entry",
            "provider",
            "payer",
            "year",
            "kind",
            "cause",
            "amount",
            "received_on",
            "due_on",
            "is_late",
            "why",
            "state",
            "done_on",
            "done_by",
            "note",
        )
        read_only_fields = fields

    is_late = serializers.BooleanField()


class FinishSerializer(serializers.Serializer):
    """An approval needs a note; a repayment may name its day."""

    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    done_on = serializers.DateField(required=False, allow_null=True, default=None)


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)
