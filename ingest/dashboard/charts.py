"""Charts as SVG: numbers in attributes and nothing else, so that neither a script nor an inline style is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 96, 20
"""Of a sparkline, in pixels."""
PLOT_WIDTH, PLOT_HEIGHT = 720, 160


def sparkline(values: Sequence[int], label: str) -> Markup:
    """Return bars, one a value; the label says it all to who does not see them."""
    top, step = max([1, *values]), WIDTH / max(1, len(values))
    bars = Markup("").join(
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            index * step, HEIGHT - height, max(step - 0.4, 0.6), height
        )
        for index, value in enumerate(values)
        if (height := value / top * HEIGHT)
    )
    return Markup(
        '<svg class="spark" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>'
    ).format(WIDTH, HEIGHT, label, bars)


def lines(series: Mapping[str, Sequence[int]], label: str) -> Markup:
    """Return one line for each series, in its colour (`.line-0`, `.line-1` ... of the style sheet)."""
    top = max([1, *(value for values in series.values() for value in values)])
    drawn = Markup("").join(
        Markup('<polyline class="line line-{}" points="{}"/>').format(number % 8, _points(values, top))
        for number, values in enumerate(series.values())
    )
    return Markup(
        '<svg class="plot" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(PLOT_WIDTH, PLOT_HEIGHT, label, drawn)


def _points(values: Sequence[int], top: int) -> str:
    step = PLOT_WIDTH / max(1, len(values) - 1)
    # Within the edges by the width of a line, or half of it is cut off.
    return " ".join(
        f"{index * step:.1f},{PLOT_HEIGHT - 2 - value / top * (PLOT_HEIGHT - 4):.1f}"
        for index, value in enumerate(values)
    )
