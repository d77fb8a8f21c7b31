"""Native deliveries posted to the application in this process. Signatures are computed here, not by our code."""

import base64
import hashlib
import hmac
import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.servers import SECRET

PATH = "/api/webhook/deployment"
BEARER = {"Authorization": f"Bearer {SECRET}"}


def make_payload(**fields: Any) -> dict[str, Any]:
    """Return a payload with the required fields and the given ones."""
    return {"project": "shop", "run_id": "1", **fields}


def post(
    client: FlaskClient,
    body: Any,
    headers: dict[str, str] | None = None,
    *,
    path: str = PATH,
    media_type: str | None = "application/json",
    **named: Any,
) -> TestResponse:
    """Post a body: bytes as they are, anything else as JSON; with the bearer token unless other headers are given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data=raw, headers=BEARER if headers is None else headers, content_type=media_type, **named)


def apply(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    """Post a payload that must be accepted; return the answer."""
    response = post(client, make_payload(**fields))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def read(client: FlaskClient, answer: dict[str, Any]) -> dict[str, Any]:
    """Return the deployment that an answer is about."""
    view: dict[str, Any] = client.get(f"/api/deployments/{answer['deployment_id']}").get_json()
    return view


def show(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    """Post a payload that must be accepted; return its deployment."""
    return read(client, apply(client, **fields))


def refuse(client: FlaskClient, **fields: Any) -> dict[str, list[str]]:
    """Post a payload that must be refused as 422; return its messages by field."""
    response = post(client, make_payload(**fields))
    assert response.status_code == 422, response.text
    errors: dict[str, list[str]] = response.get_json()["errors"]
    return errors


def list_steps(view: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a deployment."""
    return [step for job in view["jobs"] for step in job["steps"]]


def sign_hub(body: bytes, secret: str = SECRET) -> str:
    """Return the value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def sign_standard(body: bytes, message_id: str, timestamp: str, key: bytes = SECRET.encode()) -> str:
    """Return the value of webhook-signature."""
    signed = message_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
