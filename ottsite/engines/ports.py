"""Ports on loopback: which are free, and whether somebody listens."""

import asyncio
import socket
import time

HOST = "127.0.0.1"
PATIENCE_SECONDS = 5


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def comes_free(port: int) -> bool:
    """Say whether the port is free, after giving whoever has it some time to give it back."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                return True
            except OSError:
                await asyncio.sleep(0.05)
    return False


async def until_listening(port: int) -> None:
    """Return when somebody listens at the port."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
