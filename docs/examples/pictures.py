"""A tool that returns a picture and a text."""

import struct
import zlib

import azure.functions as func

from tool import tool
from tool_results import Image

app = func.FunctionApp()


@tool(app)
def draw_square(side: int = 64) -> list[Image | str]:
    """Draw a black square."""
    return [Image(_png(side)), f"{side} pixels wide"]


def _png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
