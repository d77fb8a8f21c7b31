"""Every address works with and without a slash at its end, and no request is redirected."""

import uuid

from flask.testing import FlaskClient

from tests.support.webhook_client import BEARER, apply

TEXTS = {"filename": "none", "slug": "shop", "run_id": "1", "dialect": "native"}


def test_every_route_answers_the_same_with_and_without_a_final_slash(client: FlaskClient) -> None:
    deployment_id = apply(client, status="success")["deployment_id"]
    values = {**TEXTS, "deployment_id": deployment_id, "delivery_id": uuid.UUID(int=0)}
    adapter = client.application.url_map.bind("localhost")
    for rule in client.application.url_map.iter_rules():
        path = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}).rstrip("/")
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            # Read at once: answers that are streamed must end before the next request.
            without, with_slash = (
                client.open(address, method=method, headers=BEARER, buffered=True)
                for address in (path or "/", f"{path}/")
            )
            assert with_slash.status_code == without.status_code, (method, path)
            assert without.status_code not in {307, 308}, (method, path)
            if method == "GET" and path.startswith("/api/"):
                assert with_slash.get_json() == without.get_json()
