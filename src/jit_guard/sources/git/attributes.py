"""The attributes with which git stores a file in another form than it has on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from tempfile import TemporaryDirectory

from jit_guard.errors import GitError
from jit_guard.sources.disk import reason
from jit_guard.sources.git import call
from jit_guard.sources.git.environment import Standpoint, git_directory
from jit_guard.text.names import unsafe_path

ATTRIBUTES = ".gitattributes"
_AT_ONCE = 10_000  # paths in one call of git, whose answer is kept in memory
_OFF = ("unspecified", "unset")
# What these filters write can be recognized (text/stored_form.py); they pass everything else on.
_RECOGNIZED = ("filter=lfs", "filter=annex", "filter=git-crypt")


def attributes_of(
    directory: str,
    paths: Iterable[str],
    names: Sequence[str],
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield the paths that have one of these attributes, with `NAME=VALUE`.

    Args:
        directory: the working directory; the paths are relative to it.
        paths: the files, which need not exist.
        names: the names of attributes.
        options: of `git check-attr`.
        environment: as for `call.ask`.

    Raises:
        GitError: git fails.
    """
    waiting = iter(paths)
    words = ["check-attr", "-z", "--stdin", *options, *names]
    while some := list(islice(waiting, _AT_ONCE)):
        answer = call.ask(directory, words, "".join(f"{path}\0" for path in some), environment)
        if answer.returncode:
            raise call.complaint("check-attr", answer)
        fields = iter(answer.stdout.decode("utf-8", "surrogateescape").split("\0"))
        for path, name, value in zip(fields, fields, fields, strict=False):
            if value not in _OFF:
                yield path, f"{name}={value}"


def filters_in_tree(
    standpoint: Standpoint, files: Mapping[str, bytes], paths: Iterable[str]
) -> dict[str, str]:
    """Return the filters of files in a tree, except those whose output can be recognized.

    git reads the attributes of a tree only since version 2.40, so it gets a copy of its
    `.gitattributes`, as a work tree with no index.

    Args:
        standpoint: where the repository is.
        files: the `.gitattributes` of the tree, by their paths.
        paths: the files, relative to the top.

    Raises:
        GitError: git fails.
    """
    with TemporaryDirectory(prefix="jit-guard-") as top:
        for path, data in files.items():
            if unsafe_path(path):  # only in a tree that no git has written
                continue
            try:
                os.makedirs(os.path.join(top, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(top, path), "wb") as file:
                    file.write(data)
            except OSError as error:  # a name that is too long, a full disk
                raise GitError(f"{path} cannot be copied: {reason(error)}") from None
        environment = {
            **standpoint.environment,
            "GIT_DIR": git_directory(standpoint),
            "GIT_INDEX_FILE": os.path.join(top, ".git"),  # does not exist
        }
        found = attributes_of(top, paths, ["filter"], environment=environment)
        return {path: value for path, value in found if not value.startswith(_RECOGNIZED)}
