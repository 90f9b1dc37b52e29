"""The table: one row a comparison."""

import statistics

COLUMNS = [
    "case", "ours: wall s", "CPU s", "RSS MiB", "theirs", "wall s", "CPU s", "RSS MiB",
    "ratio (wall)", "ratio (CPU)", "runs",
]


def header():
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|", flush=True)


def spread(values, digits=3):
    """The median of some figures, with the least and the greatest of them."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"


def side(samples):
    """A side's three columns."""
    return [
        spread([sample.wall for sample in samples]),
        f"{statistics.median(sample.cpu for sample in samples):.3f}",
        f"{max(sample.rss for sample in samples):.0f}",
    ]


def ratio(ours, theirs, of):
    """The median of the ratios of runs that followed each other: what else the machine did, it did to both."""
    pairs = [of(our) / of(their) for our, their in zip(ours, theirs) if of(their) > 0]
    return f"{statistics.median(pairs):.2f}" if pairs else "–"


def row(case, ours, name, theirs):
    cells = [case, *side(ours), name]
    if theirs:
        cells += [*side(theirs), ratio(ours, theirs, lambda s: s.wall), ratio(ours, theirs, lambda s: s.cpu)]
    else:
        cells += [""] * 5
    print("| " + " | ".join([*cells, str(len(ours))]) + " |", flush=True)


def recorded(case, wall, ours):
    """A row against a figure that was measured elsewhere, and is only quoted."""
    ours_wall = statistics.median(sample.wall for sample in ours)
    cells = [case, *side(ours), "stock, recorded", f"{wall:.3f}", "", "", f"{ours_wall / wall:.2f}", "", str(len(ours))]
    print("| " + " | ".join(cells) + " |", flush=True)


def note(text):
    print(f"| {text} |" + " |" * (len(COLUMNS) - 1), flush=True)


if __name__ == "__main__":
    header()
