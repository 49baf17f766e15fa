"""The ratios as a picture: a panel for each kind of work."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from host_tests.benchmarks.samples import Row, Spread

_COLUMNS = 4
_PANEL_INCHES = (3.6, 2.7)
_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20, 30, 50)
_FEW_TICKS = (0.001, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 1000)
_WIDE = 12
_COLOURS = {
    "FastMCP default": "tab:red",
    "FastMCP stateless JSON": "tab:orange",
    "FastMCP stateless event": "tab:red",
    "FastMCP SSE": "tab:red",
    "mcp SDK stateless JSON": "tab:blue",
    "mcp SDK SSE": "tab:blue",
    "bare Starlette": "tab:gray",
    "storage SDK directly": "tab:green",
    "pool directly": "tab:green",
}


def write_plot(path: Path, rows: Sequence[Row]) -> None:
    """Draws requests/s by the number of callers, and in the last panel the time of what is done alone."""
    by_callers: list[list[Row]] = []
    alone: list[Row] = []
    for _, group in groupby(rows, key=lambda row: row.work):
        of_work = list(group)
        compared = [row for row in of_work if not row.is_ours]
        if len({row.callers for row in of_work}) > 1:
            by_callers.append(compared)
        else:
            alone.extend(compared)
    panels = len(by_callers) + bool(alone)
    if not panels:
        return
    mpl.rcParams.update({"font.size": 8})
    across = min(panels, _COLUMNS)
    down = -(-panels // _COLUMNS)
    figure = Figure(figsize=(across * _PANEL_INCHES[0], down * _PANEL_INCHES[1] + 0.6), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).flatten().tolist()
    for panel, of_work in zip(axes, by_callers, strict=False):
        _draw_by_callers(panel, of_work)
    if alone:
        _draw_times(axes[panels - 1], alone)
    for unused in axes[panels:]:
        unused.remove()
    figure.suptitle(
        "requests/s, ours / others: median of the rounds, with the least and the most. The line at 1 is: as fast."
    )
    figure.savefig(path, bbox_inches="tight")  # the title is wider than a single panel


def _draw_by_callers(axes: Axes, rows: Sequence[Row]) -> None:
    callers = sorted({row.callers for row in rows if row.callers is not None})
    for contender in dict.fromkeys(row.contender for row in rows):
        ratios = {
            row.callers: row.ours_to_this.get("requests_per_second") for row in rows if row.contender == contender
        }
        points = [(index, ratio) for index, number in enumerate(callers) if (ratio := ratios.get(number))]
        axes.errorbar(
            [index for index, _ in points], [ratio.median for _, ratio in points],
            yerr=_error_bars([ratio for _, ratio in points]),
            label=contender, color=_COLOURS.get(contender), marker="o", markersize=3, capsize=2, linewidth=1.2,
        )  # fmt: skip
    axes.set_xticks(range(len(callers)), [str(number) for number in callers])
    axes.set_xlabel("callers")
    axes.set_title(rows[0].work)
    axes.set_yscale("log")
    axes.axhline(1, color="black", linewidth=0.8)
    _label(axes.yaxis, axes.get_ylim())
    axes.legend(fontsize=6, framealpha=0.6)


def _draw_times(axes: Axes, rows: Sequence[Row]) -> None:
    drawn = [(row, row.ours_to_this["p50_ms"]) for row in rows if "p50_ms" in row.ours_to_this]
    places = range(len(drawn), 0, -1)
    medians = [ratio.median for _, ratio in drawn]
    bars = _error_bars([ratio for _, ratio in drawn])
    axes.errorbar(medians, list(places), xerr=bars, fmt="o", markersize=3, capsize=2)
    axes.set_yticks(list(places), [f"{row.work}\nto {row.contender}" for row, _ in drawn], fontsize=5)
    axes.set_ylim(0.4, len(drawn) + 0.6)
    axes.set_title("time, ours to theirs")
    axes.set_xscale("log")
    least, most = axes.get_xlim()
    axes.set_xlim(min(least, 0.5), max(most, 2))  # so that there are ticks on both sides of 1
    axes.axvline(1, color="black", linewidth=0.8)
    _label(axes.xaxis, axes.get_xlim())


def _label(axis: Axis, limits: tuple[float, float]) -> None:
    """Writes plain numbers where a logarithmic axis would have powers of ten."""
    ticks = _FEW_TICKS if limits[1] / limits[0] > _WIDE else _TICKS
    axis.set_ticks([tick for tick in ticks if limits[0] <= tick <= limits[1]])
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.grid(visible=True, linewidth=0.3)


def _error_bars(ratios: Sequence[Spread]) -> list[list[float]]:
    return [[each.median - each.least for each in ratios], [each.most - each.median for each in ratios]]
