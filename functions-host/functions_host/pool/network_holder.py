"""The program that gives one environment a network of its own, and holds it until its stdin ends.

Run as `python -I -S -c SOURCE`, so it knows the standard library only. Linux only.

    network_holder.py BLOCKED argv...    BLOCKED is JSON, the IPv4 addresses that shall lead nowhere; argv is a program
                                         that connects a network, such as pasta, PID in it is who has it

It prints the id of a process in that network once it is connected. A network namespace of Linux begins with nothing;
what argv adds is a way out, and what leads from there to this machine is blocked here, by routes.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

_SECONDS = 10
_SET_PARENT_DEATH_SIGNAL = 1  # <linux/prctl.h>
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # <linux/sockios.h>, <linux/if.h>
# <linux/rtnetlink.h>, <linux/netlink.h>
_NEW_ROUTE, _REQUEST, _ACKNOWLEDGE, _CREATE, _REPLACE = 24, 1, 4, 0x400, 0x100
_MAIN_TABLE, _BOOT, _UNIVERSE, _BLACKHOLE, _DESTINATION = 254, 3, 0, 6, 1


def _main(blocked: list[str], argv: list[str]) -> None:
    ready, is_ready = os.pipe()
    go, goes = os.pipe()
    user, group = os.getuid(), os.getgid()
    child = os.fork()
    if child == 0:
        _hold(user, group, blocked, is_ready, go)
    os.close(is_ready)
    if os.read(ready, 1) != b"1":
        sys.exit("no network namespace can be made")
    command = [str(child) if part == "PID" else part for part in argv]
    connecting = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=_end_with_parent)
    os.write(goes, b"1")
    if os.read(ready, 1) != b"1":
        connecting.kill()
        sys.exit(f"{argv[0]} connects no network")
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.buffer.read()
    connecting.kill()
    os.kill(child, signal.SIGKILL)


def _hold(user: int, group: int, blocked: list[str], is_ready: int, go: int) -> None:
    """Makes the namespaces and stays in them, as a child that ends with its parent."""
    _end_with_parent()
    os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _start_loopback()
    os.write(is_ready, b"1")
    os.read(go, 1)
    deadline = time.monotonic() + _SECONDS
    while not _has_default_route():
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.01)
    for address in blocked:
        _block(address)
    os.write(is_ready, b"1")
    while True:
        signal.pause()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _start_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = b"lo".ljust(16, b"\0")
        (flags,) = struct.unpack_from("H", fcntl.ioctl(any_socket, _GET_FLAGS, name + bytes(24)), 16)
        fcntl.ioctl(any_socket, _SET_FLAGS, name + struct.pack("H", flags | _UP) + bytes(22))


def _has_default_route() -> bool:
    with open("/proc/net/route", encoding="ascii") as routes:
        return any(line.split()[1] == "00000000" for line in list(routes)[1:])


def _block(address: str) -> None:
    """Adds a route to nowhere, which is nearer than the default one. Where it cannot, there is no network at all."""
    attribute = struct.pack("HH", 8, _DESTINATION) + socket.inet_aton(address)
    route = struct.pack("BBBBBBBBI", socket.AF_INET, 32, 0, 0, _MAIN_TABLE, _BOOT, _UNIVERSE, _BLACKHOLE, 0)
    flags = _REQUEST | _ACKNOWLEDGE | _CREATE | _REPLACE
    header = struct.pack("IHHII", 16 + len(route) + len(attribute), _NEW_ROUTE, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.sendall(header + route + attribute)
        (code,) = struct.unpack_from("i", netlink.recv(4096), 16)
    if code:
        os._exit(1)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]), sys.argv[2:])
