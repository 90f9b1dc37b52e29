"""What a page shows as printed, compared with what was printed."""
import difflib
import re

# Figures differ from run to run: those with a unit, and those of NAME_MB=.
FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?=(?: of \d+)? ?(?:[kMG]i?B|m?s|%)(?!\w))|(?<=_MB=)\d+")


def pattern(line):
    """Returns a regular expression for a line: … is any text, and a figure any figure."""
    parts = FIGURE.split(line)
    literals = (".*".join(re.escape(piece) for piece in part.split("…")) for part in parts)
    return r"\d+(?:\.\d+)?".join(literals)


def difference(shown, printed):
    """Returns how the lines that were printed differ from those of a page, or "". A line … is any number of lines."""
    whole = "".join(r"(?:.*\n)*" if line == "…" else pattern(line) + r"\n" for line in shown.splitlines())
    if re.fullmatch(whole, printed if printed.endswith("\n") else printed + "\n"):
        return ""
    # What matches somewhere is no difference.
    lines = [
        next((line for line in shown.splitlines() if re.fullmatch(pattern(line), found)), found)
        for found in printed.splitlines()
    ]
    differences = difflib.unified_diff(shown.splitlines(), lines, lineterm="", n=1)
    return "(- shown, + printed)\n" + "\n".join(list(differences)[2:])


def fails(shown):
    """Returns whether what a page shows is of commands that fail."""
    return re.search(r"^(FAILED|Cannot) ", shown, re.M) is not None
