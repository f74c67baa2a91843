"""The choice of examples for a model: the existing components most similar to a request.

Words are weighted by their rarity among the candidates (inverse document frequency). A word counts
once per text, so that long texts do not match everything. Nothing is learned or downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import log, sqrt

from jit_guard.generators import budget
from jit_guard.generators.generator import Example, Request

EXAMPLE_TOKENS = 6_000  # of all examples of one request together
_WORD = re.compile(r"[^\W_]+")


class ExamplePool:
    """The components of one type, read once per run, to choose examples from.

    Args:
        candidates: components of the type at the start of the run. Drafts must not be among
            them, or a model would imitate drafts.
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
        """Choose up to `count` examples with at most about `limit` tokens in total, best first.

        An example that does not fit is skipped for the next best. Blank components and the
        requested file itself are never chosen.
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
        for word in sorted(wanted & self._holders.keys()):  # sums of floats depend on their order
            holders = self._holders[word]
            weight = log(1 + total / len(holders))
            for number in holders:
                scores[number] += weight
        for number, words in enumerate(self._words):
            if words:
                scores[number] /= sqrt(len(words))
        return sorted(range(total), key=lambda number: (-scores[number], number))


def _words(text: str) -> frozenset[str]:
    """Split into lower-case words; text that is not ASCII into pairs of characters."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            found.add(word)
        else:
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
    return frozenset(found)
