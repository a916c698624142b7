"""Pictures of figures, as PNG files: bars with their spread. Each carries its name.

matplotlib is loaded when something is drawn: it takes most of a second.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE = "#0072B2"
_GREY, _FAINT = "#B8B8B8", "#E0E0E0"
_INCHES_WIDE = 9.0
_DOTS_PER_INCH = 110


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bars:
    """Figures of one unit as horizontal bars; a thin line spans each one's runs.

    Args:
        name: Of the file, without its suffix.
        title: Above the picture.
        figures: A bar each, of one unit, from top to bottom.
        emphasised: Names of the figures that are the project's own.
    """

    name: str
    title: str
    figures: tuple[Figure, ...]
    emphasised: tuple[str, ...] = ()


def draw(plot: Bars, folder: Path) -> Path:
    """Draws a plot into ``folder``, and returns the file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    high = 1.3 + 0.34 * len(plot.figures)
    canvas = Canvas(figsize=(_INCHES_WIDE, high), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(canvas)
    axes = canvas.add_subplot()
    axes.set_title(plot.title, loc="left", fontsize=11)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    _bars(axes, plot)
    path = folder / f"{plot.name}.png"
    canvas.savefig(path, metadata={"Software": None})
    return path


def _bars(axes: Axes, plot: Bars) -> None:
    figures = plot.figures
    places = range(len(figures))
    medians = [figure.median for figure in figures]
    colours = [_BLUE if figure.name in plot.emphasised else _GREY for figure in figures]
    axes.barh(places, medians, height=0.66, color=colours)
    spread = [len(figure.runs) > 1 for figure in figures]
    if any(spread):
        below = [figure.median - figure.lowest for figure in figures]
        above = [figure.highest - figure.median for figure in figures]
        axes.errorbar(medians, places, xerr=[below, above], fmt="none", ecolor="#444444", elinewidth=1, capsize=3)
    axes.set_yticks(places, [figure.name for figure in figures])
    axes.invert_yaxis()
    furthest = max(figure.highest for figure in figures)
    axes.set_xlim(0, furthest * 1.12)
    for place, figure in enumerate(figures):
        axes.text(figure.highest + furthest * 0.012, place, number(figure.median), va="center", fontsize=9)
    said = ": median, with the smallest and largest of the runs" if any(spread) else ""
    axes.set_xlabel(figures[0].unit + said)
    axes.grid(axis="x", color=_FAINT)
    axes.set_axisbelow(True)
