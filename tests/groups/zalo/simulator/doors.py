"""Whether the simulator listens at all."""

import socket

from groups.zalo.simulator.server import SimulatorThread


def refuses(simulator: SimulatorThread) -> bool:
    """Whether a connection is refused."""
    host, port = simulator.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except ConnectionRefusedError:
        return True
    return False
