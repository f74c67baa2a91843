"""The name of a project in a ledger of several machines.

It is the same in every checkout: `JIT_GUARD_PROJECT`, or the URL of the git remote in a form in
which the addresses of one repository agree, and the path of the project below the top.
"""

from __future__ import annotations

import os
import re

from jit_guard.errors import UsageError
from jit_guard.ledger.records import plain
from jit_guard.sources import repository
from jit_guard.sources.git.call import ask

VARIABLE = "JIT_GUARD_PROJECT"
_LONGEST = 1000  # characters
_PORTS = {"https": ":443", "http": ":80", "ssh": ":22", "git": ":9418"}
_URL = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*)://(?:[^/@]*@)?(?P<host>[^/]*)(?P<path>/.*)?")
_SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>\[[^]/]+\]|[^/:]{2,}):(?P<path>.*)")  # not C:\
_REMOTE = re.compile(r"remote\.(.*)\.url\n(.*)", re.DOTALL)


def project_name(root: str) -> str:
    """Return the name of the project at `root`.

    Raises:
        UsageError: there is no single remote to name it by.
        GitError: git does not answer.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return plain(given[:_LONGEST])
    real = os.path.realpath(root)
    top = repository.top(real)
    url = None if top is None else _remote(top)
    if top is None or url is None:
        raise UsageError(
            f"the project has no git remote named origin, which would name it in the ledger; set "
            f"{VARIABLE} to a name that is the same on every machine"
        )
    below = repository.below(top, real)
    return plain(f"{normal(url, top)}{'#' if below else ''}{below}"[:_LONGEST])


def _remote(top: str) -> str | None:
    """Return the URL of the remote `origin`, or of the only one; None if there is no such one."""
    answer = ask(top, ["config", "-z", "--get-regexp", r"^remote\..*\.url$"])
    found = map(_REMOTE.fullmatch, answer.stdout.decode("utf-8", "surrogateescape").split("\0"))
    urls: dict[str, str] = {}
    for one in filter(None, found):
        urls.setdefault(one[1], one[2])
    return urls.get("origin") or (next(iter(urls.values())) if len(urls) == 1 else None)


def normal(url: str, top: str = "") -> str:
    """Return the URL of a repository without scheme, user, default port and `.git`.

    A path, which is a repository of this machine, becomes absolute; relative ones start at `top`.
    """
    scheme = ""
    if found := _URL.fullmatch(url):
        scheme = found["scheme"].lower().removeprefix("git+")
    if found and scheme != "file":
        host = found["host"].lower().removesuffix(_PORTS.get(scheme, ""))
        path = found["path"] or ""
    elif not found and (found := _SCP.fullmatch(url)):
        host, path = found["host"].lower(), found["path"]
    else:
        path = (found["path"] or "/") if found else os.path.realpath(os.path.join(top, url))
        host = "file:"
    path = re.sub(r"/+", "/", path.replace(os.sep, "/")).strip("/")
    return f"{host}/{path.removesuffix('.git').rstrip('/')}"
