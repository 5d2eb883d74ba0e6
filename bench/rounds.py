"""Interleaved rounds, medians, tables: machines are noisy, so only ratios within one run mean something."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median


def interleave(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure each subject once a round; the order turns with each round, so that none always comes first."""
    names = list(subjects)
    measured: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        turned = names[number % len(names) :] + names[: number % len(names)]
        for name in turned:
            measured[name].append(subjects[name]())
    return measured


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table under a heading."""
    print(f"\n## {title}\n")
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def ratio_rows(measured: Mapping[str, Sequence[float]], base: str) -> list[list[str]]:
    """Name, median in milliseconds, ratio of medians to ``base``."""
    medians = {name: median(times) for name, times in measured.items()}
    return [[name, f"{time * 1000:.0f}", f"{time / medians[base]:.2f}"] for name, time in medians.items()]
