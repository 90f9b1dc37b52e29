"""The fenced blocks of a page, and what their info strings say of them.

    sh                  commands, by root on the front-end; behind it may stand, in this order:
       oneadmin           by oneadmin
       rpm, archive       on a front-end of its own, since a front-end has the drivers in one way only
       checkout           in the checkout
       PATH               no commands: a program of that path
    text output         what the commands before it print
    text error          what a command prints that the table of errors names
    text usage          the usage of an action, as its --help prints it
    text modules        a drawing of the modules
    ini marketplace     a template for `onemarket create`
    ini attributes MAD  a part of the template of a marketplace of that kind
    LANGUAGE PATH       a file of the front-end; nginx reads those of nginx
    … unrun REASON      not proven here, for one of the reasons below
"""
import pathlib
import re
from dataclasses import dataclass

REASONS = {
    "itself": "this very test would begin anew",
    "guide": "GuideTests builds and runs it",
    "long": "measurements of an hour",
}
PLACES = ("rpm", "archive", "checkout")


@dataclass
class Block:
    page: str
    line: int
    words: list
    text: str

    kind = user = place = path = reason = ""

    @property
    def where(self):
        return f"{self.page}:{self.line}"

    def classify(self):
        """Returns what is wrong with the info string, or None."""
        words = list(self.words)
        language = words.pop(0) if words else ""
        self.user, self.place = "root", "deb"
        if len(words) == 2 and words[0] == "unrun" and words[1] in REASONS:
            self.kind, self.reason = "unrun", words[1]
        elif language == "sh" and not any("/" in word for word in words):
            self.kind = "commands"
            if words[:1] == ["oneadmin"]:
                self.user = words.pop(0)
            if words and words[0] in PLACES:
                self.place = words.pop(0)
            return f"unknown words: {' '.join(words)}" if words else None
        elif language == "text" and len(words) == 1 and words[0] in ("output", "error", "usage", "modules"):
            self.kind = words[0]
        elif language == "ini" and words == ["marketplace"]:
            self.kind = "template"
        elif language == "ini" and len(words) == 2 and words[0] == "attributes":
            self.kind, self.path = "attributes", words[1]
        elif len(words) == 1 and words[0].startswith("/"):
            self.kind, self.path = "file", words[0]
        else:
            return f"not classified: ```{' '.join(self.words)}"
        return None

    @property
    def installs(self):
        return self.kind == "commands" and re.search(r"\b(apt|dnf) install |^\./install\.sh( -d.*)?$", self.text, re.M)

    @property
    def removes(self):
        return self.kind == "commands" and re.search(r"\b(remove|purge) market-drivers|install\.sh -r", self.text)


def read_page(root, page):
    """Returns the blocks of a page in its order. A fence that is not closed is an error."""
    blocks, fence = [], None
    for number, line in enumerate((pathlib.Path(root) / page).read_text().splitlines(), 1):
        match = re.match(r"( *)(```+|~~~+)(.*)$", line)
        if fence is None and match:
            fence, lines = match, []
            blocks.append(Block(page, number, match[3].split(), ""))
        elif fence is not None and match and match[2].startswith(fence[2]) and not match[3].strip():
            blocks[-1].text, fence = "".join(line + "\n" for line in lines), None
        elif fence is not None:
            lines.append(line.removeprefix(fence[1]))
    if fence is not None:
        raise SystemExit(f"{blocks[-1].where}: the block has no end")
    return blocks
