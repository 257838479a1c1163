"""The ratios as a picture: a panel a generator, a bar a contender and case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contenders import CONTENDERS
from report import Case, Report


def plot(report: Report, file: Path) -> str:
    """Draw the ratios to from_generator.

    Args:
        report: the medians.
        file: where to; its suffix says the format.

    Returns:
        What was done, or why nothing was.
    """
    try:
        import matplotlib
    except ModuleNotFoundError:
        return "no picture: matplotlib is not installed: pip install -e '.[bench]'"
    matplotlib.use("agg")
    from matplotlib import pyplot

    generators = list(dict.fromkeys(case.generator for case in report.cases))
    figure, panels = pyplot.subplots(
        1,
        len(generators),
        figsize=(4 * len(generators) + 2, 9),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, generator in zip(panels[0], generators, strict=True):
        _panel(panel, report, [case for case in report.cases if case.generator == generator])
        panel.set_title(generator)
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(file, dpi=120)
    return f"picture: {file}"


def _panel(panel: Any, report: Report, cases: list[Case]) -> None:
    names = list(reversed(report.names))
    height = 0.8 / len(cases)
    for place, case in enumerate(cases):
        offset = (len(cases) - 1 - 2 * place) * height / 2
        bars = {
            row + offset: value
            for row, name in enumerate(names)
            if (value := _ratio(report, case, name)) is not None
        }
        label = f"batch {case.batch}, {'for' if case.how == 'for' else 'tf.function'}"
        panel.barh(list(bars), list(bars.values()), height, label=label)
    panel.axvline(1, color="black", linewidth=0.8)
    panel.set_xscale("log")
    panel.set_xlabel("× from_generator")
    panel.set_yticks(range(len(names)), names)


def _ratio(report: Report, case: Case, name: str) -> float | None:
    if case.how != "for" and not CONTENDERS[name].is_dataset:
        return None
    rate, usual = report.rate(case, name), report.rate(case, "from_generator")
    return rate / usual if rate and usual else None
