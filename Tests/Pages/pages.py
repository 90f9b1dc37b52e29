#!/usr/bin/env python3
"""WORK PAGE …: proves the blocks of the pages. Tests/Pages/run starts it, and has made WORK/front-end."""
import collections
import concurrent.futures
import pathlib
import sys
import tempfile
import time

import checkout
import expectation
import proofs
import tables
from blocks import REASONS, read_page
from front_end import FrontEnd

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Page:
    """The blocks of a page, proven in their order; what removes the drivers comes last."""

    def __init__(self, work, name):
        self.work, self.name = work, name
        self.blocks = read_page(ROOT, name)
        self.wrong, self.proven, self.unrun = [], collections.Counter(), collections.Counter()
        self.front_ends, self.made = {}, []
        self.target = tempfile.mkdtemp(dir=work)

    def fault(self, block, text):
        self.wrong.append(f"WRONG {block.where}: {text.rstrip()}")

    def front_end(self, place):
        """The front-end, as it is before the first block of the page."""
        if place not in self.front_ends:
            name = f"{pathlib.Path(self.name).stem}-{place}"
            front_end = self.front_ends[place] = FrontEnd(self.work, name, self.made)
            if place == "rpm":
                front_end.demand("dpkg --purge opennebula opennebula-common && rm -rf /usr/lib/one /var/lib/one &&"
                                 " rpm -U --nodeps /tests/opennebula/{libraries,opennebula}.rpm")
            elif place == "deb" and not any(block.installs and block.place == place for block in self.blocks):
                front_end.demand("dpkg -i /tests/opennebula/market-drivers.deb")
        return self.front_ends[place]

    def prove(self):
        faults = [(block, block.classify()) for block in self.blocks]
        for block, fault in faults:
            if fault:
                self.fault(block, fault)
        if self.wrong:
            return self
        shown = {}
        for block, following in zip(self.blocks, self.blocks[1:]):
            if block.kind == "commands" and following.kind == "output":
                shown[block.line] = following
        for block in sorted(self.blocks, key=lambda block: bool(block.removes)):
            self.prove_block(block, shown.get(block.line))
        for block in self.blocks:
            if block.kind == "output" and block not in shown.values():
                self.fault(block, "no commands stand before this output")
        return self

    def prove_block(self, block, shown):
        if block.kind == "unrun":
            self.unrun[block.reason] += 1
            return
        if block.kind == "output":
            self.proven["output"] += 1
            return
        text = block.text
        for written, value in tables.VALUES.get(self.name, {}).items():
            text = text.replace(written, value)
        try:
            wrong = self.run_block(block, text, shown.text if shown else "")
        except (RuntimeError, OSError, ValueError) as error:
            wrong = str(error)
        if wrong:
            self.fault(block, wrong)
        else:
            self.proven[block.kind] += 1

    def run_block(self, block, text, shown):
        if block.place == "checkout":
            status, printed, made = checkout.run_in_checkout(self.work, text, self.target)
            self.made += made
            for file in made:
                for front_end in self.front_ends.values():
                    front_end.give(file)
            return proofs.outcome(status, printed, shown)
        front_end = self.front_end(block.place)
        self.prepare(front_end, block)
        if block.kind == "error":
            return self.prove_error(front_end, text)
        if block.kind == "commands":
            status, printed = front_end.run(text, block.user)
            return (proofs.outcome(status, printed, shown) or proofs.prove_installation(front_end, block)
                    or proofs.prove_marketplaces(front_end))
        return proofs.KINDS[block.kind](front_end, block, text)

    def prepare(self, front_end, block):
        for page, part, script in tables.BEFORE:
            if page != self.name or part not in block.text:
                continue
            if script is tables.WEB_SERVER:
                make_web_server(front_end)
            else:
                front_end.demand(script)

    def prove_error(self, front_end, text):
        for page, start, script, before in tables.ERRORS:
            if page == self.name and text.startswith(start):
                front_end.demand(before)
                return proofs.outcome(*front_end.run(script, "oneadmin"), text)
        return "nothing is known that prints this: see ERRORS of Tests/Pages/tables.py"

    def close(self):
        for front_end in self.front_ends.values():
            front_end.close()


def make_web_server(front_end):
    """The directory and the web server, as docs/http.md has them, up to its marketplace."""
    for block in read_page(ROOT, "docs/http.md"):
        block.classify()
        if "onemarket create" in block.text or block.kind == "template":
            return
        if block.kind == "commands":
            front_end.demand(block.text, block.user)
        elif block.path.startswith("/etc/nginx/"):
            proofs.prove_file(front_end, block, block.text)


def prove(work, name):
    page = Page(work, name)
    try:
        return page.prove()
    finally:
        page.close()


def main():
    work, names = sys.argv[1], sys.argv[2:]
    since = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda name: prove(work, name), names))
    wrong = [line for page in pages for line in page.wrong]
    proven = sum((page.proven for page in pages), collections.Counter())
    unrun = sum((page.unrun for page in pages), collections.Counter())
    for line in wrong:
        print(line)
    outputs = sum(proven[kind] for kind in ("output", "error", "usage", "modules"))
    files = sum(proven[kind] for kind in ("template", "attributes", "file"))
    others = ", ".join(f"{count} ({REASONS[reason]})" for reason, count in unrun.items())
    print(f"{proven['commands']} command blocks of {sum(bool(page.proven['commands']) for page in pages)} pages ran,"
          f" {outputs} outputs are as they are shown, {files} templates and files are taken;"
          f" not run: {others or 'none'}; {len(wrong)} wrong, {time.monotonic() - since:.0f} s")
    sys.exit(bool(wrong))


main()
