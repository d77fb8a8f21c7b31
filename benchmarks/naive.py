"""A reference for the ingest benchmark: the endpoint as a person would write it by hand.

Flask-SQLAlchemy and marshmallow; select, then insert or update, for the project, the deployment and each step; one
commit per request. It stores far less than the dashboard: no registers, no events, no idempotency keys.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

from psycogreen.gevent import patch_psycopg

patch_psycopg()

import hmac
import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask, abort, request
from flask_sqlalchemy import SQLAlchemy
from marshmallow import EXCLUDE, Schema, fields
from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.exceptions import ServiceUnavailable

ATTEMPTS = 5
"""How often a request is tried if another request has inserted the same row first."""


class Base(DeclarativeBase):
    """Parent of the tables."""


db = SQLAlchemy(model_class=Base)


class Project(db.Model):  # type: ignore[name-defined,misc]
    """Something that is deployed."""

    __tablename__ = "naive_projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    repository: Mapped[str]
    test_url: Mapped[str]
    last_status: Mapped[str]
    updated_at: Mapped[datetime]


class Deployment(db.Model):  # type: ignore[name-defined,misc]
    """One attempt to bring a revision to an environment."""

    __tablename__ = "naive_deployments"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey(Project.id), index=True)
    run_id: Mapped[str]
    environment: Mapped[str]
    branch: Mapped[str]
    commit_hash: Mapped[str]
    commit_message: Mapped[str]
    status: Mapped[str]
    triggered_by: Mapped[str]
    trigger_type: Mapped[str]
    message: Mapped[str]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("project_id", "run_id"),)


class Step(db.Model):  # type: ignore[name-defined,misc]
    """A part of a deployment."""

    __tablename__ = "naive_steps"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id))
    name: Mapped[str]
    status: Mapped[str]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("deployment_id", "name"),)


class Delivery(db.Model):  # type: ignore[name-defined,misc]
    """A request as received."""

    __tablename__ = "naive_deliveries"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey(Deployment.id), index=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[bytes]


class Payload(Schema):
    """The body that a workflow posts."""

    class Meta:
        """Unknown fields are ignored."""

        unknown = EXCLUDE

    project = fields.String(required=True)
    run_id = fields.String(required=True)
    status = fields.String(required=True)
    repository = fields.String(required=True)
    environment = fields.String(load_default="production")
    branch = fields.String(required=True)
    commit_hash = fields.String(required=True)
    commit_message = fields.String(required=True)
    triggered_by = fields.String(required=True)
    trigger_type = fields.String(required=True)
    test_url = fields.Url(required=True)
    message = fields.String(required=True)
    timestamp = fields.AwareDateTime(required=True)
    step_details = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


PROJECT_FIELDS = ("repository", "test_url")
DEPLOYMENT_FIELDS = (
    "environment", "branch", "commit_hash", "commit_message", "status", "triggered_by", "trigger_type", "message",
)  # fmt: skip

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
# By default a request that waits for a connection fails after 30 s; here its slowness is to be measured instead.
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_timeout": 600}
db.init_app(app)
with app.app_context():
    db.create_all()
schema = Payload()


@app.get("/health")
def check_health() -> dict[str, str]:
    """Answer once the server is up."""
    return {"status": "ok"}


@app.post("/api/webhook/deployment")
def receive_deployment() -> dict[str, int]:
    """Store a delivery."""
    expected = f"Bearer {os.environ['DASHBOARD_WEBHOOK_SECRET']}"
    if not hmac.compare_digest(request.headers.get("Authorization", ""), expected):
        abort(401)
    payload = schema.load(request.get_json())
    for _ in range(ATTEMPTS):
        try:
            return {"deployment_id": store(payload, request.get_data())}
        except IntegrityError:
            db.session.rollback()
    raise ServiceUnavailable


def store(payload: dict[str, Any], body: bytes) -> int:
    """Store the payload; return the deployment's id after the commit."""
    now = datetime.now(UTC)
    values = {name: payload[name] for name in PROJECT_FIELDS}
    project = upsert(Project, {"name": payload["project"]}, last_status=payload["status"], updated_at=now, **values)
    key = {"project_id": project.id, "run_id": payload["run_id"]}
    deployment = upsert(Deployment, key, updated_at=now, **{name: payload[name] for name in DEPLOYMENT_FIELDS})
    for name, status in payload["step_details"].items():
        upsert(Step, {"deployment_id": deployment.id, "name": name}, status=status, updated_at=now)
    db.session.add(Delivery(deployment_id=deployment.id, received_at=now, body=body))
    number: int = deployment.id
    db.session.commit()
    return number


def upsert(model: Any, key: dict[str, Any], **values: Any) -> Any:  # noqa: ANN401
    """Insert or update the row with this key, and return it."""
    row = db.session.execute(db.select(model).filter_by(**key)).scalar_one_or_none()
    if row is None:
        row = model(**key, **values)
        db.session.add(row)
        db.session.flush()
    for name, value in values.items():
        setattr(row, name, value)
    return row
