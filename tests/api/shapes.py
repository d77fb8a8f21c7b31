"""Names and types of what the API shows, as documented; a value may be null unless its type says otherwise."""

from typing import Any

Shape = dict[str, type | tuple[type, ...]]
NULL = type(None)
TEXT, COUNT, NUMBER = (str, NULL), int, (int, float, NULL)

STEP: Shape = {
    "number": (int, NULL), "key": str, "name": str, "category": str, "status": str, "conclusion": TEXT, "state": str,
    "is_current": bool, "is_done": bool, "started_at": TEXT, "completed_at": TEXT, "duration_s": NUMBER,
    "message": TEXT, "error": TEXT,
}  # fmt: skip
JOB: Shape = {
    "name": str, "status": str, "conclusion": TEXT, "state": str, "allowed_to_fail": bool,
    "job_progress_pct": COUNT, "completed_steps": COUNT, "total_steps": COUNT, "current_step_index": (int, NULL),
    "steps": list,
}  # fmt: skip
SUMMARY: Shape = {
    "id": int, "url": str, "project": dict, "environment": TEXT, "repository": TEXT, "branch": TEXT,
    "commit_hash": TEXT, "run_id": TEXT, "attempt": int, "dialect": str, "triggered_by": TEXT, "status": str,
    "conclusion": TEXT, "state": str, "progress_pct": COUNT, "run_progress_pct": COUNT, "completed_jobs": COUNT,
    "total_jobs_visible": COUNT, "seq": COUNT, "started_at": TEXT, "completed_at": TEXT, "duration_s": NUMBER,
    "estimate": (dict, NULL), "message": TEXT, "error": TEXT,
}  # fmt: skip
DEPLOYMENT: Shape = {**SUMMARY, "jobs": list}
PROJECT: Shape = {
    "slug": str, "name": str, "kind": TEXT, "repository": TEXT, "url": TEXT, "page_url": str, "port": (int, NULL),
    "service_status": TEXT, "last_deployment": (dict, NULL),
}  # fmt: skip
RUN_STEP: Shape = {"name": str, "status": str, "conclusion": TEXT, "is_current": bool, "is_done": bool}
RUN_JOB: Shape = {
    "job_name": str, "status": str, "conclusion": TEXT, "job_progress_pct": COUNT, "completed_steps": COUNT,
    "total_steps": COUNT, "current_step_index": (int, NULL), "steps": list,
}  # fmt: skip
RUN: Shape = {
    "run_id": str, "status": str, "conclusion": TEXT, "run_progress_pct": COUNT, "completed_jobs": COUNT,
    "total_jobs_visible": COUNT, "jobs": list,
}  # fmt: skip
EVENT: Shape = {
    "deployment_id": int, "prev_seq": int, "seq": int, "kind": str, "deployment": dict, "jobs": list, "steps": list
}  # fmt: skip
DELIVERY: Shape = {
    "id": str, "received_at": str, "took_ms": NUMBER, "replayed_at": TEXT, "source": TEXT, "dialect": str,
    "event": TEXT, "verdict": str, "reason": TEXT, "deployment_id": (int, NULL), "body_size": int,
}  # fmt: skip

DELIVERY_WHOLE: Shape = {
    **DELIVERY, "headers": dict, "changes": list, "body": TEXT, "body_kind": str, "body_kept": int,
    "body_is_whole": bool, "obstacle": TEXT,
}  # fmt: skip


def assert_shape(value: dict[str, Any], shape: Shape) -> None:
    """Check that each documented name is there, with a value of its type."""
    wrong = {name: value.get(name, "missing") for name, kind in shape.items() if not _fits(value, name, kind)}
    assert not wrong


def _fits(value: dict[str, Any], name: str, kind: type | tuple[type, ...]) -> bool:
    if name not in value or not isinstance(value[name], kind):
        return False
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return not isinstance(value[name], bool) or bool in kinds
