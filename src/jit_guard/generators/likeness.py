"""Which existing components a model is shown: those most like what is asked for.

Words count by how rare they are among the candidates (inverse document frequency), and one word
counts once a text, so that a long text is not like everything. Nothing is learned or downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import log, sqrt

from jit_guard.generators import budget
from jit_guard.generators.generator import Example, Request

EXAMPLE_TOKENS = 6_000  # of all examples of one request together
_WORD = re.compile(r"[^\W_]+")


class Shelf:
    """The components of one type, read once a run, to choose examples from.

    Args:
        candidates: components of the type, as they stood when the run began. Drafts must not
            be among them: a model would learn to write drafts.
    """

    def __init__(self, candidates: Iterable[Example]) -> None:
        self._candidates = sorted(candidates)
        self._words = [_words(f"{one.path} {one.text}") for one in self._candidates]
        self._holders: dict[str, list[int]] = {}
        for number, words in enumerate(self._words):
            for word in words:
                self._holders.setdefault(word, []).append(number)

    def choose(
        self, request: Request, count: int = 3, limit: int = EXAMPLE_TOKENS
    ) -> tuple[Example, ...]:
        """Up to `count` examples of together at most about `limit` tokens, best first.

        One that does not fit is passed over for the next best. A blank one, and the file that
        is asked for itself, is none.
        """
        chosen: list[Example] = []
        for number in self._ranked(request):
            if len(chosen) >= count:
                break
            one = self._candidates[number]
            size = budget.about(one.text)
            if one.path != request.path and one.text.strip() and size <= limit:
                chosen.append(one)
                limit -= size
        return tuple(chosen)

    def _ranked(self, request: Request) -> list[int]:
        wanted = _words(f"{request.goal} {request.filename} {request.description}")
        total = len(self._candidates)
        scores = [0.0] * total
        for word in sorted(wanted):  # sums of floats depend on their order
            holders = self._holders.get(word, ())
            weight = log(1 + total / len(holders)) if holders else 0.0
            for number in holders:
                scores[number] += weight
        for number, words in enumerate(self._words):
            scores[number] /= sqrt(len(words) or 1)
        return sorted(range(total), key=lambda number: (-scores[number], number))


def _words(text: str) -> frozenset[str]:
    """Words in lower case; of scripts that write without spaces every pair of characters."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            found.add(word)
        else:
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
    return frozenset(found)
