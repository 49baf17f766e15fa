"""The program that starts a sandboxed program: sets its limits, then becomes it, or stays above it as its supervisor.

Run as `python -I -S -c SOURCE`, since the sandbox holds no file of ours; so it knows the standard library only. Limits
are set here rather than in a `preexec_fn`, which may deadlock beside threads and which uvloop does not take.

    launcher.py exec      LIMITS argv...    inside bubblewrap, where the pid namespace does the supervising
    launcher.py PARENT_ID LIMITS argv...    without it; PARENT_ID is the process whose end ends everything
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_AWAITED = {signal.SIGTERM, signal.SIGCHLD}


def _main(role: str, limits: str, argv: Sequence[str]) -> None:
    if role == "exec":
        _become(argv, limits)
    _supervise(argv, limits, int(role))


def _become(argv: Sequence[str], limits: str) -> None:
    for name, _, value in (limit.partition("=") for limit in limits.split(",")):
        _limit(getattr(resource, f"RLIMIT_{name}"), int(value))
    # Python ignores it, and what it becomes would go on doing so: `yes | head -1` would never end.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Where the machine runs out of memory, Linux ends this before anything of the person's.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS takes no limit of address space
        resource.setrlimit(what, (value, value))


def _supervise(argv: Sequence[str], limits: str, parent: int) -> None:
    """Runs argv and passes its exit code on; what it started and left ends with it, with us, or with our parent."""
    # Held back until they are waited for. A handler could run before the child is known, which would be left then, or
    # just before a wait begins, which would not hear of it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    signal.signal(
        signal.SIGCHLD, lambda *_: None
    )  # some systems drop a signal that nobody handles, even when held back
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        prctl(_SET_CHILD_SUBREAPER, 1)  # a daemon of double fork becomes our child, so it cannot get lost
    if os.getppid() != parent:  # it ended before it could be watched
        return
    child = os.fork()
    if child == 0:
        os.setsid()  # so that a signal to its own group does not end its supervisor
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
        _become(argv, limits)
    try:
        code = _wait_for(child)
    finally:
        _end_all(child)
    sys.exit(code)


def _wait_for(child: int) -> int:
    """Returns the exit code of the child, or once we are told to end, the one that it will have."""
    while signal.sigwait(_AWAITED) != signal.SIGTERM:
        ended = -1
        while ended:  # one signal may stand for several that have ended
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code  # as bubblewrap and shells say it
    return 128 + signal.SIGKILL


def _end_all(leader: int) -> None:
    """Kills until no child is left, which with the subreaper means no descendant. Elsewhere it is the group only."""
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)  # the whole group at once, so that it cannot fork its way out
        for process_id in _descendants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def _descendants() -> set[int]:
    """Returns all processes below this one, ended ones included."""
    parents = {process_id: _parent(process_id) for process_id in map(int, filter(str.isdigit, _listed("/proc")))}
    found = {os.getpid()}
    while more := {process_id for process_id, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _parent(process_id: int) -> int:
    try:
        with open(f"/proc/{process_id}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], sys.argv[3:])
