"""gunicorn's settings for the server of the fan-out benchmark, as for the dashboard."""

import os
import runpy

served = runpy.run_path("gunicorn.conf.py")
worker_class, worker_connections = served["worker_class"], served["worker_connections"]
control_socket_disable, loglevel = served["control_socket_disable"], "warning"
bind = f"127.0.0.1:{os.environ['PORT']}"
