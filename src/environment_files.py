"""Files of an environment, carried through Python code: the platform's MCP server has no tools for files.

It cuts each stream at 4,096 characters, takes long arguments, and is not known to cut the value of the last expression.
So a file comes in pages, each with its length and hash: where a page was cut or did not come, smaller ones are tried,
in the end in what is printed.
"""

import base64
import hashlib
import json
import os
import re
from typing import Any

import msgspec

from executions import Execution, ExecutionError
from session_pool import SessionPool

LARGEST = 4 * 1024 * 1024
"""Bytes: a result of MCP is one message, which many clients do not take much longer."""
# How many bytes of a file a page has, and whether they are printed rather than the value of an expression.
_PAGES = ((65_536, False), (16_384, False), (2_800, True))
_WRITTEN_PAGE = 512 * 1024


class _Page(msgspec.Struct):
    size: int = 0
    state: str = ""
    """Another one where the file has changed."""
    data: str = ""
    hash: str = ""
    error: str = ""


class _NotCarriedError(Exception):
    """A page was cut, or did not come at all."""


async def read(pool: SessionPool, environment: str, path: str) -> bytes:
    """Returns the content of a file. Raises ExecutionError."""
    _check(path)
    for at, (length, is_printed) in enumerate(_PAGES):
        try:
            return await _read(pool, environment, path, length, is_printed)
        except _NotCarriedError:
            if at == len(_PAGES) - 1:
                raise ExecutionError(
                    f"'{path}' could not be carried: the session pool cuts even short answers."
                ) from None
    raise AssertionError("there is a last kind of page")


async def write(pool: SessionPool, environment: str | None, path: str, content: bytes) -> str:
    """Replaces a file, or makes one; it has all of the content, or what it had before. Returns the environment's id.

    Raises ExecutionError.
    """
    _check(path)
    if len(content) > LARGEST:
        raise ExecutionError(f"The content has {_shown(len(content))}; writeFile takes {_shown(LARGEST)} at most.")
    token, environment = os.urandom(8).hex(), environment or await pool.launch()
    whole = hashlib.sha256(content).hexdigest()
    for begin in range(0, max(len(content), 1), _WRITTEN_PAGE):
        data = content[begin : begin + _WRITTEN_PAGE]
        is_last = begin + _WRITTEN_PAGE >= len(content)
        asked = {"path": path, "token": token, "begin": begin, "data": base64.b64encode(data).decode()}
        asked |= {"size": len(content), "hash": whole if is_last else ""}
        execution = await pool.run_python(environment, _expression(_WRITE, asked, is_printed=True))
        try:
            page = _page(execution, path)
        except _NotCarriedError:
            raise ExecutionError(
                f"Whether '{path}' was written is unknown: the session pool did not say. Look at it before you write "
                "it again."
            ) from None
        if page.error:
            raise ExecutionError(page.error)
    return environment


async def _read(pool: SessionPool, environment: str, path: str, length: int, is_printed: bool) -> bytes:
    content, state, size = bytearray(), "", 0
    while True:
        asked = {"path": path, "begin": len(content), "length": length, "state": state, "largest": LARGEST}
        execution = await pool.run_python(environment, _expression(_READ, asked, is_printed))
        page = _page(execution, path)
        if page.error:
            raise ExecutionError(page.error)
        try:
            data = base64.b64decode(page.data, validate=True)
        except ValueError:
            raise _NotCarriedError from None
        if hashlib.sha256(data).hexdigest() != page.hash:
            raise _NotCarriedError
        content += data
        state, size = page.state, page.size
        if len(content) >= size:
            return bytes(content)


def _page(execution: Execution, path: str) -> _Page:
    """Returns what the code answered. Raises _NotCarriedError if it is not there or not whole."""
    for text in (execution.more.get("executionResult"), execution.stdout):
        found = re.search(r"<page>(\{.*\})</page>", text if isinstance(text, str) else "", re.DOTALL)
        if found:
            try:
                return msgspec.json.decode(found[1], type=_Page)
            except msgspec.DecodeError:
                raise _NotCarriedError from None
    if execution.stderr.strip():
        reason = execution.stderr.strip().splitlines()[-1][:300]
        raise ExecutionError(f"'{path}' could not be reached in the environment: {reason}")
    raise _NotCarriedError


def _check(path: str) -> None:
    if not path.strip() or "\0" in path:
        raise ExecutionError("The path names no file: it has to be text that is not empty, and has no NUL.")


def _expression(code: str, asked: dict[str, Any], is_printed: bool) -> str:
    """Returns code that leaves no name behind, whose value is its answer or which prints it."""
    scope = {"asked": json.dumps(asked), "printed": is_printed}
    return f"(lambda scope: (exec({_COMMON + code!r}, scope), scope['answer'])[1])({scope!r})"


def _shown(size: int) -> str:
    return f"{size / 1024**2:.1f} MB" if size >= 1024**2 else f"{size} bytes"


# Runs in the environment, which may be any Python 3: sentences for a model, and `answer`.
_COMMON = """
import base64, hashlib, json, os, stat, tempfile

asked = json.loads(asked)
shown = "'" + asked["path"] + "'"


class Refused(Exception):
    pass


def located():
    path = os.path.expanduser(asked["path"])
    if not os.path.isabs(path) and not os.path.lexists(path) and os.path.lexists(os.path.join("/mnt/data", path)):
        path = os.path.join("/mnt/data", path)
    path = os.path.realpath(path)
    roots = ["/mnt/data", os.path.expanduser("~"), tempfile.gettempdir(), os.getcwd()]
    roots = [root for root in map(os.path.realpath, roots) if root != "/"]
    if not any(path == root or path.startswith(root + os.sep) for root in roots):
        raise Refused(shown + " is outside of the environment's folders: " + ", ".join(sorted(set(roots))) + ".")
    return path


def checked(status):
    if stat.S_ISDIR(status.st_mode):
        raise Refused(shown + " is a folder, not a file.")
    if not stat.S_ISREG(status.st_mode):
        raise Refused(shown + " is a pipe, a socket or a device, not a file.")


def answered(**members):
    text = "<page>" + json.dumps(members) + "</page>"
    if not printed:
        return text
    print(text)


def run(action):
    try:
        return action()
    except Refused as error:
        return answered(error=str(error))
    except FileNotFoundError:
        return answered(error=shown + " does not exist in this environment.")
    except IsADirectoryError:
        return answered(error=shown + " is a folder, not a file.")
    except PermissionError:
        return answered(error=shown + " cannot be reached: permission denied.")
    except (OSError, ValueError) as error:
        return answered(error=shown + " cannot be used: " + (getattr(error, "strerror", None) or str(error)) + ".")


for number, value in list(get_ipython().user_ns.get("_oh", {}).items()):
    if isinstance(value, str) and value.startswith("<page>"):
        del get_ipython().user_ns["_oh"][number]
"""
_READ = """

def size_of(status):
    if status.st_size > asked["largest"]:
        size, most = (str(round(each / 1024**2, 1)) + " MB" for each in (status.st_size, asked["largest"]))
        raise Refused(shown + " has " + size + "; readFile takes " + most + " at most. Read a part of it with code.")
    return status.st_size


def read():
    handle = os.open(located(), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        checked(status)
        size = size_of(status)
        state = "%d-%d-%d" % (status.st_ino, status.st_mtime_ns, size)
        if asked["state"] not in ("", state):
            raise Refused(shown + " changed while it was read. Read it again when nothing writes it.")
        file.seek(asked["begin"])
        data = file.read(min(asked["length"], size - asked["begin"]))
    if not data and asked["begin"] < size:
        raise Refused(shown + " became shorter while it was read. Read it again when nothing writes it.")
    sha = hashlib.sha256(data).hexdigest()
    return answered(size=size, state=state, data=base64.b64encode(data).decode(), hash=sha)


answer = run(read)
"""
_WRITE = """

def write():
    path = located()
    try:
        checked(os.stat(path))
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    partial = os.path.join(os.path.dirname(path), "." + asked["token"] + ".part")
    try:
        with open(partial, "ab" if asked["begin"] else "xb") as file:
            if file.tell() != asked["begin"]:
                raise Refused(shown + " was not written: a part of it is missing.")
            file.write(base64.b64decode(asked["data"]))
        if asked["hash"]:
            with open(partial, "rb") as file:
                if hashlib.sha256(file.read()).hexdigest() != asked["hash"]:
                    raise Refused(shown + " was not written: it did not arrive whole.")
            if os.path.exists(path):
                os.chmod(partial, stat.S_IMODE(os.stat(path).st_mode))
            os.replace(partial, path)
    except BaseException:
        if os.path.lexists(partial):
            os.remove(partial)
        raise
    return answered(size=asked["size"])


answer = run(write)
"""
