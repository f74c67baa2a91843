"""One thing in which a component is not what its contract says."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple


class Violation(NamedTuple):
    """A violation of a contract.

    Args:
        code: the code of the rule, JG601 to JG606.
        message: what is wrong, without the path.
        path: the file that it is in, or the component (a directory, with a final slash).
        line, column: 1-based, in characters; None: it is in no place of a file.
        pointer: of the value, within the front matter or the document (JG601, JG602).
        needed: the path of the file that does not exist (JG604).
    """

    code: str
    message: str
    path: str
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    needed: str | None = None
