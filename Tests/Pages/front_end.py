"""A front-end: a fresh root with stand-ins of OpenNebula, in namespaces of its own, without the Internet."""
import os
import pathlib
import shutil
import subprocess

import children

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A network of its own, with the loopback device alone. The front-end of Tests/Pages/run stays as it is: what changes is
# in memory, and goes with the namespace. Its /tests/blocks is the directory that is shared with this program.
ENTER = """
cd "$1"
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs changes
mkdir changes/upper changes/work
mount -t overlay -o lowerdir=../../front-end,upperdir=changes/upper,workdir=changes/work overlay root
mount --bind blocks root/tests/blocks
. "$2/Tests/Packages/roots.sh"
in_root "$1/root" bash /tests/session
"""


class FrontEnd:
    """Its blocks run in the order in which they are given, each in the directory where its user's last one ended."""

    def __init__(self, work, name, files):
        self.place = pathlib.Path(work) / "front-ends" / name
        for directory in ("root", "changes", "blocks"):
            (self.place / directory).mkdir(parents=True)
        self.number = 0
        self.session = children.start(
            ["unshare", "--net", "--mount", "bash", "-eu", "-c", ENTER, "bash", self.place, ROOT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.demand(". /tests/start-services")
            for file in files:
                self.give(file)
        except BaseException:
            self.close()
            raise

    def give(self, file):
        """Copies a file of this machine to where root begins."""
        shutil.copy(file, self.place / "blocks" / file.name)
        self.demand(f"mv '/tests/blocks/{file.name}' /root/")

    def run(self, script, user="root", seconds=180):
        """Returns the exit status, and what is printed on standard output and standard error."""
        self.number += 1
        block = self.place / "blocks" / str(self.number)
        block.write_text(script)
        self.session.stdin.write(f"{self.number} {user} {seconds}\n")
        self.session.stdin.flush()
        answer = self.session.stdout.readline().split()
        if len(answer) != 2:
            raise RuntimeError(f"the front-end {self.place.name} has ended in {script!r}")
        return int(answer[1]), pathlib.Path(f"{block}.output").read_text(errors="replace")

    def demand(self, script, user="root"):
        """Runs what the pages have no part in, which does not fail, nor move anybody. Returns what is printed."""
        status, printed = self.run(f"(\n{script}\n)", user)
        if status:
            raise RuntimeError(f"exit status {status} of {script!r}\n{printed}")
        return printed

    def read(self, path):
        return self.demand(f"cat '{path}'")

    def write(self, path, text, user="root", mode=0o644):
        """Writes a file by its path in the front-end; directories that are missing are made."""
        (self.place / "blocks" / "file").write_text(text)
        self.demand(f"mkdir -p '{os.path.dirname(path)}'", user)
        self.demand(f"install -o {user} -g {user} -m {mode:o} /tests/blocks/file '{path}'")

    def close(self):
        # Its first process ends with its standard input, and all others of its namespaces with it.
        self.session.stdin.close()
        children.end(self.session)
        self.session.stdout.close()
        shutil.rmtree(self.place)
