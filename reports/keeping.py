"""Answers kept for a while in the fast cache. Without it pages are slower, never wrong, never down."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import caches
from redis.exceptions import RedisError

Answer = TypeVar("Answer")
SECONDS = 900
REST = 30  # seconds for which a cache that failed is left alone: a silent one costs a page its time limit once, not per question
resting = {"until": 0.0}


def kept(key: str, compute: Callable[[], Answer]) -> Answer:
    """The answer kept under this key, else a computed one. The key must name the data version; a blank key is never kept."""
    if not key:
        return compute()
    name = f"reports:{hashlib.sha256(key.encode()).hexdigest()}"
    stored = _ask(lambda: caches["fast"].get(name))
    if stored is not None:
        return json.loads(stored)
    answer = compute()
    _ask(lambda: caches["fast"].set(name, json.dumps(answer), SECONDS))
    return answer


def _ask(question: Callable[[], str | None]) -> str | None:
    """What the cache says; None while it is away."""
    if time.monotonic() < resting["until"]:
        return None
    try:
        return question()
    except (RedisError, OSError):
        resting["until"] = time.monotonic() + REST
        return None
