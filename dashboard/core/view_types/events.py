"""Views of changes, as events and frames."""

from typing import Any, TypedDict

ChangedFields = dict[str, Any]
"""The changed fields of one view, with their values as in NewDeployment, JobSummary or StepView."""


class Changes(TypedDict):
    """What changed in a deployment with one seq. Everything has changed in a new deployment, job or step."""

    deployment: ChangedFields
    jobs: list[ChangedFields]
    """With the `key` of the job."""
    steps: list[ChangedFields]
    """With the `job` and the `key` of the step."""


class Frame(Changes):
    """The changes of one deployment after `prev_seq`, up to and including `seq`, in one message to browsers.

    It applies to a page that shows the deployment at `prev_seq` or later, but before `seq`.
    """

    deployment_id: int
    prev_seq: int
    seq: int


class EventView(Frame):
    """An event as the API and browsers get it."""

    kind: str
