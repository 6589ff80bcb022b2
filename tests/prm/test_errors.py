"""What Django refuses before a view sees it still says what to do."""

import uuid

import pytest
from django.test.client import MULTIPART_CONTENT


@pytest.mark.parametrize(("address", "kind"), [("/api/v1/visits/", "application/json"), ("/visits/log/", "text/html")])
def test_what_is_too_large_is_told_in_a_sentence(as_, settings, address, kind):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000
    form = "application/json" if "api" in address else MULTIPART_CONTENT
    answer = as_("nora").post(address, {"note": "x" * 3_000}, content_type=form, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (400, kind)
    assert "Send less at a time" in (answer.json()["detail"] if "api" in address else answer.content.decode())
