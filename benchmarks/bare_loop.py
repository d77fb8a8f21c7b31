"""A reference for the fan-out benchmark: a loop that sends a prepared frame to each of many sockets.

The arguments are the number of clients and of frames. It prints its port, and sends once it reads a line.
"""

import json
import resource
import socket
import sys
import time


def main() -> None:
    """Accept the clients, and send the frames once."""
    clients, times = int(sys.argv[1]), int(sys.argv[2])
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as server:
        print(server.getsockname()[1], flush=True)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as gunicorn does
        connections = [server.accept()[0] for _ in range(clients)]
        print("ready", flush=True)
        sys.stdin.readline()
        step = {"job": "deploy", "key": "step 7", "status": "completed", "message": f"t{time.time():.6f}"}
        data = {"deployment_id": 7, "prev_seq": 7, "seq": 8, "deployment": {}, "jobs": [], "steps": [step]}
        text = b"42/live," + json.dumps(["step.updated", data], separators=(",", ":")).encode()
        frame = b"\x81" + (bytes([len(text)]) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2)) + text
        for _ in range(times):
            for connection in connections:
                connection.sendall(frame)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
