"""As much of HTTP/1.1 as the load generator has to read."""


def is_ok(received: bytes) -> bool:
    """Tells whether a response has the status 200."""
    return received.startswith(b"HTTP/1.1 200 ")


def whole_body(received: bytes) -> bytes | None:
    """Returns the body of the response in `received`, None while some of it is still to come.

    Raises ValueError for a response that tells neither its length nor that it is chunked.
    """
    head, separator, rest = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    head = head.lower()
    if b"\r\ntransfer-encoding: chunked" in head:
        return _joined_chunks(rest)
    length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
    return rest if len(rest) >= length else None


def _joined_chunks(rest: bytes) -> bytes | None:
    body = b""
    while True:
        size_line, separator, rest = rest.partition(b"\r\n")
        if not separator:
            return None
        size = int(size_line, 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return body
        body += rest[:size]
        rest = rest[size + 2 :]
