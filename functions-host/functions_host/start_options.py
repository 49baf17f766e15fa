"""What the command line asks for."""

from pathlib import Path
from typing import Literal

import msgspec


class StartOptions(msgspec.Struct, frozen=True):
    """What the command line asks for; cli.py describes each."""

    app: Path
    data: Path
    cache: Path
    port: int = 7071
    address: str = "127.0.0.1"
    allow_host: list[str] = msgspec.field(default_factory=list[str])
    open_to_network: bool = False
    require_key: bool = False
    debug: int | None = None
    inspect: bool = False
    reload: bool = True
    strict: bool = False
    isolation: Literal["auto", "required", "none"] = "auto"
    egress: Literal["own", "host", "none"] = "own"
    session_pool: bool = True
    session_pool_port: int | None = None
    session_pool_packages: Path | None = None
