"""The picture in the README: seconds against entries, both on a logarithmic scale."""

from __future__ import annotations

from pathlib import Path

from benchmarks.contenders import FLOOR, OURS, SHELL
from benchmarks.growth import Growth
from benchmarks.measure import seconds

_LINES = {OURS: ("#c2410c", "-", 2.4), SHELL: ("#475569", "--", 1.6), FLOOR: ("#0f766e", ":", 1.8)}


def draw(growth: Growth, path: Path) -> None:
    """Write an SVG file."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "jit-guard"  # the same figures give the same file
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    for name, (color, style, width) in _LINES.items():
        sizes = list(growth.taken)
        costs = [seconds(taken[name]) for taken in growth.taken.values()]
        axes.loglog(sizes, costs, style, color=color, linewidth=width, marker="o", label=name)
    axes.set_xlabel("entries in the map, files in the tree")
    axes.set_ylabel("seconds, whole process")
    axes.grid(visible=True, which="major", color="#e2e8f0")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
