"""CDEvents as senders post them, whole (as in a binary CloudEvent) or in the data of a structured CloudEvent."""

from typing import Any

ARTIFACT = "pkg:oci/shop@sha256%3Acafe"


def make_event(kind: str, subject_id: str, content: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Return a whole CDEvent."""
    return {
        "context": {
            "version": "0.4.1",
            "id": "f1b2",
            "source": "/tekton/blue",
            "type": f"dev.cdevents.{kind}.0.2.0",
            "timestamp": "2026-03-01T11:00:00Z",
            **context,
        },
        "subject": {"id": subject_id, "source": "/tekton/blue", "type": "any", "content": content},
    }


def make_pipeline_run(predicate: str, outcome: str | None = None, **context: Any) -> dict[str, Any]:
    """Return an event on the run ship-7."""
    given = {} if outcome is None else {"outcome": outcome}
    content = {"pipelineName": "ship", "url": "https://tekton.example.org/ship-7", **given}
    return make_event(f"pipelinerun.{predicate}", "ship-7", content, **context)


def make_task_run(predicate: str, outcome: str | None = None, *, task: str = "pack", **context: Any) -> dict[str, Any]:
    """Return an event on a task of the run ship-7."""
    given = {} if outcome is None else {"outcome": outcome}
    content = {"taskName": task.title(), "pipelineRun": {"id": "ship-7"}, **given}
    return make_event(f"taskrun.{predicate}", f"ship-7-{task}", content, **context)


def make_service(predicate: str, **context: Any) -> dict[str, Any]:
    """Return an event on the service shop in the environment blue."""
    artifact = {} if predicate == "removed" else {"artifactId": ARTIFACT}
    return make_event(f"service.{predicate}", "service/shop", {"environment": {"id": "blue"}, **artifact}, **context)


def wrap(event: dict[str, Any]) -> dict[str, Any]:
    """Return the structured CloudEvent that carries a CDEvent."""
    context = event["context"]
    return {
        "specversion": "1.0",
        "id": context["id"],
        "source": context["source"],
        "type": context["type"],
        "time": context["timestamp"],
        "subject": event["subject"]["id"],
        "datacontenttype": "application/json",
        "data": event,
    }
