"""What a terminal shows of the bytes that a session writes, as far as bash and the drivers use one."""

import re

# A control sequence, or one character.
TOKEN = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|(.)", re.DOTALL)


class Row:
    """A line of the screen. `states` is what stood there before it was erased: pairs of seconds and cells."""

    def __init__(self):
        self.cells, self.states, self.painted = [], [], 0.0


class Terminal:
    """A cell is a pair of a character and its style, which is a tuple of SGR numbers."""

    def __init__(self, columns):
        self.columns, self.rows = columns, [Row()]
        self.row = self.column = 0
        self.style, self.pending = (), ""

    def feed(self, text, seconds):
        """Shows `text`, which was written so many seconds after the command began."""
        text = self.pending + text
        # The rest of a sequence may not have been read yet.
        self.pending = re.search(r"(?:\x1b(?:\[[?0-9;]*)?)?\Z", text).group()
        text = text[:len(text) - len(self.pending)]
        for sequence in TOKEN.finditer(text):
            parameters, final, character = sequence.groups()
            if final:
                self.control(parameters, final)
            else:
                self.put(character, seconds)

    def control(self, parameters, final):
        if final == "m":
            numbers = tuple(int(number or 0) for number in parameters.split(";"))
            self.style = () if numbers in ((0,), ()) else numbers
        elif final == "K" and parameters in ("", "0"):
            row = self.rows[self.row]
            if self.column == 0 and row.cells:
                row.states.append((row.painted, row.cells))
            row.cells = row.cells[:self.column]
        elif not parameters.startswith("?"):
            raise ValueError(f"a control sequence that this terminal does not know: {parameters}{final}")

    def put(self, character, seconds):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.down()
        elif character == "\b":
            self.column -= 1
        elif character >= " ":
            if self.column == self.columns:
                self.column = 0
                self.down()
            row = self.rows[self.row]
            row.cells[self.column:self.column + 1] = [(character, self.style)]
            row.painted = seconds
            self.column += 1
        elif character != "\a":
            raise ValueError(f"a character that this terminal does not know: {character!r}")

    def down(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append(Row())
