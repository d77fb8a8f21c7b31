"""A reference of the ingest benchmark: the dashboard without group commit, a transaction for each delivery."""

from dashboard.extensions import WRITER, db
from dashboard.ingest.batch import ingest_deliveries
from dashboard.ingest.delivery import Incoming, Receipt
from wsgi import app


class DirectWriter:
    """Stands where the application's writer stood."""

    def submit(self, incoming: Incoming) -> Receipt:
        """Return the receipt of a delivery once it is committed, alone."""
        return ingest_deliveries(db.engine, [incoming], app.config["SETTINGS"])[0]


app.extensions[WRITER] = DirectWriter()
