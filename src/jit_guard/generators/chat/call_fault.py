"""One attempt without an answer."""

from __future__ import annotations

from typing import NamedTuple


class CallFault(NamedTuple):
    """One attempt without an answer."""

    reason: str
    again: bool = False  # another attempt may help
    fatal: bool = False  # every other call would fail, too
    wait: float | None = None  # seconds that the server asked to wait
    everybody: bool = False  # all other calls have to wait as well
    perhaps_paid: bool = False
    reached: bool = True  # the server answered something
    refusal: str = ""  # the whole text of an error that may be about a parameter
    unexplained: bool = False  # the connection ended without a reason


class CallFaultError(Exception):
    """A fault as an exception, for the retry policy."""

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault
