"""Commands of the checkout, which write into a copy of it that stands in its place for them alone."""
import pathlib
import shutil
import subprocess
import tempfile
import threading

import children

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The build and the history are the checkout's own: the copy has its path, so that nothing is built anew.
ENTER = """
copy=$1 root=$2
cd "$root"
git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    [[ ! -e $file && ! -L $file ]] || printf '%s\\0' "$file"
done | xargs -0 cp -dp --parents -t "$copy"
mkdir -p "$copy/.build"
mount --bind .build "$copy/.build"
if [[ -d .git ]]; then mkdir "$copy/.git" && mount --bind .git "$copy/.git"; else cp -p .git "$copy/.git"; fi
mount --rbind "$copy" "$root"
cd "$root"
exec bash -e "$3"
"""
# One command after another builds, or looks whether there is something to build.
LOCK = threading.Lock()


def run_in_checkout(work, script, target):
    """Returns the exit status, what was printed, and the files that were made in the checkout's directory, now in
    target."""
    with LOCK, tempfile.TemporaryDirectory(dir=work) as directory:
        copy, block = pathlib.Path(directory) / "copy", pathlib.Path(directory) / "block"
        copy.mkdir()
        block.write_text(script)
        child = children.start(
            ["unshare", "--mount", "bash", "-eu", "-o", "pipefail", "-c", ENTER, "bash", copy, ROOT, block],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        printed, _ = child.communicate()
        children.end(child)
        made = []
        for file in copy.glob("market-drivers*"):
            if not (ROOT / file.name).exists():
                made.append(pathlib.Path(shutil.move(file, target)))
        return child.returncode, printed, made
