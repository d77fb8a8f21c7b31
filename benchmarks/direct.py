"""A reference for the ingest benchmark: the dashboard without group commit, with one transaction per delivery."""

from dashboard.extensions import WRITER, db
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt
from wsgi import app


class DirectWriter:
    """Replaces the application's writer."""

    def submit(self, incoming: Incoming) -> Receipt:
        """Commit a delivery alone, and return its receipt."""
        return ingest_deliveries(db.engine, [incoming], app.config["SETTINGS"])[0]


app.extensions[WRITER] = DirectWriter()
