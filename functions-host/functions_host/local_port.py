"""A port of this machine, as a client finds it."""

import asyncio


async def is_open(port: int) -> bool:
    """Returns whether something listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
