"""For load balancers and people on call. `live`: the process answers. `ready`: it can serve; a broken broker only degrades."""

import logging

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.access import open_to_strangers
from jobs.models import Job, JobState

log = logging.getLogger(__name__)


@never_cache
@open_to_strangers("asked by a load balancer; says nothing about data")
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@open_to_strangers("asked by a load balancer; says nothing about data")
def ready(request: HttpRequest) -> JsonResponse:
    """200 with `ok` or `degraded` (no broker: work waits), 503 when the database is away or not migrated."""
    try:
        executor = MigrationExecutor(connection)
        unapplied = executor.migration_plan(executor.loader.graph.leaf_nodes())
        oldest = Job.objects.filter(state=JobState.QUEUED).aggregate(at=Min("queued_at"))["at"] if not unapplied else None
    except Exception as error:
        log.warning("not ready: %s", type(error).__name__)
        return JsonResponse({"status": "down", "database": "out of reach"}, status=503)
    if unapplied:
        return JsonResponse({"status": "down", "database": "not migrated: run bin/manage migrate"}, status=503)
    broker = _broker_answers()
    waits = round((timezone.now() - oldest).total_seconds()) if oldest else 0
    return JsonResponse(
        {
            "status": "ok" if broker else "degraded",
            "database": "ok",
            "broker": "ok" if broker else "out of reach",
            "oldest_job_waits_s": waits,
        }
    )


def _broker_answers() -> bool:
    url = str(settings.REDIS_CACHE_URL)
    try:
        client = redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except redis.RedisError:
        return False
