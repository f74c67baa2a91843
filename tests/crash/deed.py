"""What the killed processes run: one deed in one project, as the command line would end it.

python -S -B deed.py SOURCES ROOT DEED
"""

import sys

if __name__ == "__main__":
    sys.path[:0] = sys.argv[1].split(":")

from jit_guard.commit import transaction
from jit_guard.commit.transaction import MapChange, Placement
from jit_guard.errors import JitGuardError
from jit_guard.registry.edit import Edit

NEW = "autogen_protocol_for_greet.txt"
EDIT = Edit(("GREET", "protocol"), "hello.txt", NEW)
TEXT = b"Say hello, then the name.\n" * 3


def commit(root: str) -> None:
    """The usual fix: one entry, one component in a folder that is not there yet."""
    changes = [MapChange("goal_map.json", (EDIT,))]
    transaction.commit(root, changes, [Placement(f"components/protocols/{NEW}", TEXT)])


def main() -> int:
    """0: done. 2: a clear message. 130: interrupted. Anything else is a traceback."""
    root, deed = sys.argv[2:4]
    try:
        if deed == "commit":
            commit(root)
        else:
            transaction.recover(root, abandon=deed == "abandon")
    except JitGuardError as error:
        print(f"{type(error).__name__}: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
