"""A terminal's screen as an SVG: text that can be selected, in a dark frame that suits a light and a dark page."""

import itertools
from xml.sax.saxutils import escape

# Pixels. The widest of the usual fonts has columns of 0.61 of its size.
FONT, LINE, PADDING, BAR = 13, 19, 16, 34
COLUMN = 0.61 * FONT
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
COLOURS = {31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#79c0ff"}
STYLE = ("text { fill: #e6edf3; white-space: pre } .dim { fill: #9198a1 } .bold { font-weight: 600 } "
         + " ".join(f".c{number} {{ fill: {colour} }}" for number, colour in COLOURS.items()))


def classes(style):
    """The classes of an SGR style. Throws if it has a colour that the picture does not know."""
    names = []
    for number in style:
        if number == 1:
            names.append("bold")
        elif number in COLOURS:
            names.append(f"c{number}")
        elif number != 0:
            raise ValueError(f"a style that this picture does not know: {number}")
    return " ".join(names)


def spans(cells):
    """The text of a row, with a tspan for each style."""
    parts = []
    for style, group in itertools.groupby(cells, key=lambda cell: cell[1]):
        words, names = escape("".join(character for character, _ in group)), classes(style)
        parts.append(f'<tspan class="{names}">{words}</tspan>' if names else words)
    return "".join(parts).rstrip(" ")


def chosen(states, count):
    """`count` of the states, the first and the last among them, evenly spread."""
    if len(states) <= count:
        return states
    return [states[round(number * (len(states) - 1) / (count - 1))] for number in range(count)]


class Picture:
    def __init__(self, columns):
        self.columns, self.parts, self.y = columns, [], BAR + PADDING + FONT
        self.width = round(columns * COLUMN) + 2 * PADDING

    def line(self, content, names="", right=""):
        """Adds a row; `right` is a dim remark at its end."""
        attributes = f' class="{names}"' if names else ""
        if content:
            self.parts.append(f'<text x="{PADDING}" y="{self.y}"{attributes} xml:space="preserve">{content}</text>')
        if right:
            self.parts.append(
                f'<text x="{self.width - PADDING}" y="{self.y}" class="dim" text-anchor="end">{right}</text>')
        self.y += LINE

    def live(self, states):
        """Adds what a live line showed, one below the other, with its times and a bracket."""
        top = self.y - FONT + 2
        for seconds, cells in states:
            right = f"after {seconds:.1f} s"
            if len(cells) + len(right) >= self.columns:
                raise ValueError("a live line leaves no room for its time")
            self.line(spans(cells), right=right)
        self.parts.append(f'<path d="M{PADDING / 2} {top}V{self.y - LINE + 3}" stroke="#9198a1" stroke-width="2"/>')

    def row(self, cells):
        self.line(spans(cells))

    def cursor(self, cells):
        """Adds the last row, which has the prompt and the cursor."""
        self.line(spans(cells) + " ▮")

    def svg(self, title, description, remark=""):
        if remark:
            self.y += 6
            self.line(escape(remark), names="dim")
        height = self.y - FONT + PADDING - 4
        dots = "".join(
            f'<circle cx="{PADDING + 6 + 18 * number}" cy="{BAR / 2}" r="5" fill="#3d444d"/>' for number in range(3))
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height}" '
            f'viewBox="0 0 {self.width} {height}" role="img" aria-labelledby="title desc" '
            f'font-family="{FONTS}" font-size="{FONT}">',
            f'<title id="title">{escape(title)}</title>', f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{self.width - 1}" height="{height - 1}" rx="8" '
            f'fill="#0d1117" stroke="#3d444d"/>',
            f'<path d="M1 {BAR}H{self.width - 1}" stroke="#3d444d"/>', dots,
            f'<text x="{self.width / 2:.0f}" y="{BAR / 2 + 5:.0f}" class="dim" text-anchor="middle">{escape(title)}'
            '</text>',
            *self.parts, "</svg>", ""])
