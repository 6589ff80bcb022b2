"""What Celery calls. Messages carry a job's id and nothing else."""

from typing import Any

from celery import shared_task

from jobs import actions


@shared_task(name="jobs.run", ignore_result=True)
def run(job_id: int, **kwargs: Any) -> None:
    """Do one job, if it still waits."""
    actions.run(job_id)


@shared_task(name="jobs.enqueue", ignore_result=True)
def enqueue(name: str, **kwargs: Any) -> None:
    """Beat's way to ask for periodic work: one waiting job per name, however many beats run."""
    actions.enqueue(name, key=name)
