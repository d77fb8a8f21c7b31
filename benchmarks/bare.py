"""A reference for the ingest benchmark: a Flask route that reads the body and answers 204."""

from gevent import monkey

monkey.patch_all()

from flask import Flask, request  # noqa: E402

app = Flask(__name__)


@app.get("/health")
def check_health() -> dict[str, str]:
    """Answer once the server is up."""
    return {"status": "ok"}


@app.post("/api/webhook/deployment")
def receive_deployment() -> tuple[str, int]:
    """Read the body, and ignore it."""
    request.get_data()
    return "", 204
