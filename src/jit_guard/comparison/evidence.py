"""The evidence of one check: everything it observed, before rules create findings."""

from __future__ import annotations

from jit_guard.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jit_guard.comparison.content import Content
    from jit_guard.comparison.contracts import Contracted
    from jit_guard.comparison.portability import Portability
    from jit_guard.comparison.result import Comparison
    from jit_guard.config import Settings
    from jit_guard.registry.goal_map import GoalMap
    from jit_guard.registry.registry import Registry
    from jit_guard.registry.schema import Violation
    from jit_guard.sources.answers import GitState
    from jit_guard.sources.read_maps import Maps


class Evidence(NamedTuple):
    """What was read, and what is wrong with it, whether or not a rule is selected."""

    settings: Settings
    maps: Maps
    comparison: Comparison
    content: Content
    names: Portability
    interrupted: str | None
    violations: list[tuple[GoalMap | Registry, Violation]]
    untracked: tuple[GitState, ...] = ()
    contracted: Contracted | None = None  # None: no component has a contract

    @property
    def clean(self) -> bool:
        """True if no built-in rule has anything to report."""
        return (
            self.maps.clean
            and self.comparison.clean
            and self.content.clean
            and self.names.clean
            and not self.violations
            and self.interrupted is None
            and not self.untracked
            and (self.contracted is None or not self.contracted.broken)
        )
