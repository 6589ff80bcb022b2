"""Receipts: pictures and PDFs in the installation's own folder, outside of what the web server hands out by itself."""

import hashlib
import re
import uuid
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.disk import disk_full_told
from compliance import policies
from compliance.models import Receipt, SpendEntry

LARGEST = 10 * 1024 * 1024  # bytes
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}


def kind_of(head: bytes) -> str:
    """What a file is by its first bytes, whatever its name or sender say; blank for what is no receipt."""
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"hevc"}:
        return "image/heic"
    return ""


@transaction.atomic
def add_receipt(*, entry: SpendEntry, file: IO[bytes], name: str, by: User) -> Receipt:
    """Keep a receipt with its entry. The row is written first: a file without one is never handed out."""
    policies.check_can_attach(by, entry)
    content = file.read(LARGEST + 1)
    policies.check_receipt(size=len(content), largest=LARGEST, kind=kind_of(content[:16]))
    kind = kind_of(content[:16])
    receipt = Receipt.objects.create(
        entry=entry,
        name=re.sub(r"[^\w .()-]+", "_", name.rpartition("/")[2].rpartition("\\")[2]).strip()[-120:] or "receipt",
        stored_as=f"{uuid.uuid4().hex}.{_ENDINGS[kind]}",
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=by,
    )
    with disk_full_told():
        settings.RECEIPTS.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = settings.RECEIPTS / receipt.stored_as
        path.touch(mode=0o600)
        path.write_bytes(content)
    record("spend.receipt_added", by=by, target=entry, receipt=receipt.pk, size=receipt.size)
    return receipt


@transaction.atomic
def remove_receipt(*, receipt: Receipt, by: User) -> None:
    """Out of sight; the file stays for whoever has to show what was there."""
    policies.check_can_attach(by, receipt.entry)
    if receipt.removed_at is None:
        receipt.removed_at, receipt.removed_by = timezone.now(), by
        receipt.save(update_fields=["removed_at", "removed_by"])
        record("spend.receipt_removed", by=by, target=receipt.entry, receipt=receipt.pk)
