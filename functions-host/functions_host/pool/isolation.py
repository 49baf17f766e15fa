"""What keeps code that runs in an environment from the rest of this machine.

On the platform every session is a Hyper-V isolated container. Here it is bubblewrap where that works, or macOS's
Seatbelt, which keep code from the person's files, processes and variables, but share their kernel; and else plain
processes, which have the person's rights and are bounded only in what they use.
"""

import shutil
import sys
from typing import Literal

from functions_host.errors import PersonError
from functions_host.pool.bubblewrap import BubblewrapSandbox
from functions_host.pool.limits import Limits
from functions_host.pool.network import choose_connector
from functions_host.pool.sandbox import Sandbox
from functions_host.pool.seatbelt import SeatbeltSandbox
from functions_host.python_environment import PythonEnvironment

type Egress = Literal["own", "host", "none"]
"""What network code has: one of its own, this machine's, or none."""


def choose_sandbox(
    environment: PythonEnvironment,
    isolation: Literal["auto", "required", "none"],
    egress: Egress,
    limits: Limits | None = None,
) -> Sandbox:
    """Returns the best sandbox there is, with the packages of `environment`.

    Raises PersonError if isolation is required and there is none.
    """
    limits = limits or Limits()
    found = shutil.which("bwrap") if isolation != "none" and sys.platform == "linux" else None
    if found and BubblewrapSandbox(environment, limits, found).works():
        return _with_network(environment, limits, found, egress)
    if sys.platform == "darwin" and isolation != "none":
        confined = SeatbeltSandbox(environment, limits, network=egress == "host")
        if confined.works():
            return confined
    why = "it is not allowed to make its namespaces" if found else "it is not installed"
    if isolation == "required":
        raise PersonError(
            f"Code cannot be isolated here, as --isolation required asks: bubblewrap is needed, but {why}.",
            "Install the package bubblewrap (Linux only), or start with --isolation auto to run code without.",
        )
    if egress == "none":
        why = "--isolation none turns it off" if isolation == "none" else why
        raise PersonError(
            f"Code cannot be kept from the network here, as --egress none asks: bubblewrap is needed, but {why}.",
            "Install the package bubblewrap (Linux only), or start without --egress none.",
        )
    return Sandbox(environment, limits, asked_for=isolation == "none")


def _with_network(environment: PythonEnvironment, limits: Limits, bubblewrap: str, egress: Egress) -> Sandbox:
    if egress == "host":
        return BubblewrapSandbox(environment, limits, bubblewrap, shares_network=True)
    connector = choose_connector() if egress == "own" else None
    sandbox = BubblewrapSandbox(environment, limits, bubblewrap, connector)
    if egress == "own" and connector is None:
        sandbox.description += (
            ": install the package passt (or slirp4netns) for one that reaches the internet and not this machine, or "
            "start with --egress host to share this machine's"
        )
        sandbox.is_worth_a_warning = True
    return sandbox
