"""Which texts .NET's Uri takes for absolute ones, on Linux, where Azure runs Python.

https://learn.microsoft.com/dotnet/api/system.uri; the rules that the page leaves out are those of Uri.cs,
DomainNameHelper.cs and UncNameHelper.cs of dotnet/runtime.
"""

import ipaddress
import re
from contextlib import suppress

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_LONGEST_SCHEME = 1024
_LONGEST = 65_519
_NEEDS_HOST = ("http", "https", "ftp", "ws", "wss", "gopher", "nntp", "telnet", "net.tcp", "net.pipe")
_HAS_NO_HOST = ("mailto", "news")
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_DOTS = r"\u3002\uff0e\uff61"  # of other languages
_LABEL = rf"(?:[A-Za-z0-9]|[^\x00-\x9f{_DOTS}])(?:[A-Za-z0-9_-]|[^\x00-\x9f{_DOTS}]){{0,62}}"
_DOMAIN = re.compile(rf"{_LABEL}(?:[.{_DOTS}]{_LABEL})*[.{_DOTS}]?")
_SHORT_NAME = re.compile(r"[\w-]+")
_NEXT_NAME = re.compile(r"[^\W_][\w-]*")
_PORT = re.compile(r"0*\d{0,5}", re.ASCII)
_SPACE = " \t\n\r\f\v"


def is_absolute(text: str) -> bool:
    """Whether `text` is absolute: by its scheme, or by the slash it begins with."""
    uri = text.strip(_SPACE)
    if uri.startswith("/"):
        return True
    found = _SCHEME.match(uri)
    if found is None or len(found[1]) > _LONGEST_SCHEME or len(text) > _LONGEST:
        return False
    scheme, rest = found[1].lower(), uri[found.end() :]
    if len(scheme) == 1:  # a drive of Windows
        return rest.startswith(("/", "\\"))
    if not rest.startswith("//"):
        return scheme not in _NEEDS_HOST
    authority = _END_OF_AUTHORITY.split(rest[2:], maxsplit=1)[0]
    if not authority:
        return scheme not in _NEEDS_HOST
    return scheme in _HAS_NO_HOST or _is_authority(authority, is_known=scheme in _NEEDS_HOST)


def _is_authority(authority: str, *, is_known: bool) -> bool:
    user, at, host = authority.partition("@")
    if not at or "\\" in user:
        host = authority
    if host.startswith("[") and "]" in host:
        address, _, port = host[1:].partition("]")
        return _is_address(address) and _is_port(port)
    if host in (".", ".."):
        return not is_known
    name, colon, port = host.partition(":")
    return _is_name(name) and _is_port(colon + port)


def _is_address(address: str) -> bool:
    with suppress(ValueError):
        ipaddress.IPv6Address(address.partition("/")[0])
        return True
    return False


def _is_port(port: str) -> bool:
    return not port or (port[0] == ":" and _PORT.fullmatch(port[1:]) is not None and int(port[1:] or 0) <= 0xFFFF)


def _is_name(name: str) -> bool:
    if _DOMAIN.fullmatch(name):
        return True
    first, *others = name.removesuffix(".").split(".")
    if _SHORT_NAME.fullmatch(first) is None or (first.isascii() and first.isdigit()):
        return False
    return all(_NEXT_NAME.fullmatch(each) for each in others)
