"""How a block is proven, by its kind. A proof returns what is wrong, or ""."""
import html
import pathlib
import re

import expectation
import tables

REMOTES = "/var/lib/one/remotes"
# Those whose check needs nothing that a front-end of the tests does not have.
CHECKED = ("http", "s3", "one")
DIRECTORY = "<PUBLIC_DIR>/var/tmp</PUBLIC_DIR><BASE_URL>http://frontend.example/</BASE_URL>"
# What a driver of the tests keeps of what it gets.
DRIVER = """cat >/tests/out/input
printf '%s\\n' "$@" >/tests/out/arguments
env >/tests/out/environment
nice >/tests/out/niceness
printf '%s\\n' USED_MB=1 FREE_MB=1 TOTAL_MB=2
"""


def outcome(status, printed, shown=""):
    """Returns what is wrong with what commands printed: a page that shows an error shows commands that fail."""
    if shown and expectation.fails(shown) != (status != 0) or not shown and status:
        return f"exit status {status}\n{printed}"
    return expectation.difference(shown, printed) if shown else ""


def prove_installation(front_end, block):
    """What installs the drivers has installed them, and what removes them has removed them."""
    if not block.installs and not block.removes:
        return ""
    status, _ = front_end.run("(test -x /usr/lib/one/market-drivers/market-drivers)")
    return "" if (status == 0) == bool(block.installs) else "the drivers are not what this makes of them"


def prove_marketplaces(front_end):
    """The marketplaces that have been created since: their drivers take them."""
    for name in front_end.demand("ls /tests/pool").split():
        element, number = front_end.read(f"/tests/pool/{name}"), name.rpartition(".")[2]
        # It is known then, and not tried again.
        front_end.demand(f"mv /tests/pool/{name} /tests/known/")
        kind = re.search("<MARKET_MAD>(.*?)<", element)[1]
        for action in ["monitor", "check"] if kind in CHECKED else ["monitor"]:
            status, printed = front_end.run(f"/tests/run-action market/{kind}/{action} {number}", "oneadmin")
            if status:
                return f"market/{kind}/{action}: exit status {status}\n{printed}"
    return ""


def prove_template(front_end, block, text):
    front_end.write("/tests/out/template", text, "oneadmin")
    status, printed = front_end.run("onemarket create /tests/out/template", "oneadmin")
    return outcome(status, printed) or prove_marketplaces(front_end)


def prove_attributes(front_end, block, text):
    """A part of a template: all that drivers of that kind read. The proxy that it names is the one that is asked."""
    kind, pairs = block.path, dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', text))
    helps = [f"{REMOTES}/market/{kind}/{action} --help" for action in ("monitor", "export")]
    known = front_end.demand("; ".join(helps), "oneadmin")
    unknown = [name for name in pairs if not re.search(rf"\b{name}\b", known)]
    if unknown or not pairs:
        return f"market/{kind} does not know {unknown or 'a block without attributes'}"
    base = {"http": 'PUBLIC_DIR="/var/tmp"\nBASE_URL="http://frontend.example/"\n'}.get(kind, "")
    if "PROXY" not in pairs:
        return prove_template(front_end, block, f'NAME="part"\nMARKET_MAD="{kind}"\n{base}{text}')
    template = "".join(f"<{name}>{html.escape(value)}</{name}>" for name, value in pairs.items())
    _, printed = front_end.run(f"{REMOTES}/market/{kind}/monitor <<'END'\n" + message(template) + "\nEND", "oneadmin")
    proxy = re.sub(r".*[/@]", "", pairs["PROXY"]).partition(":")[0]
    return "" if proxy in printed else f"{proxy} has not been asked\n{printed}"


def message(template):
    element = f"<MARKETPLACE><TEMPLATE>{template}</TEMPLATE></MARKETPLACE>"
    return f"<MARKET_DRIVER_ACTION_DATA>{element}</MARKET_DRIVER_ACTION_DATA>"


def prove_usage(front_end, block, text):
    """The line is that of the action's own usage."""
    path, _, rest = text.strip().partition(" ")
    name = path.rpartition("remotes/")[2]
    printed = front_end.demand(f"{REMOTES}/{name} --help", "oneadmin")
    wanted = f"usage: {name.rpartition('/')[2]} {rest}"
    return "" if wanted in printed.splitlines() else f"{wanted!r} is not in\n{printed}"


def prove_modules(front_end, block, text):
    """The drawing has each module once."""
    sources = pathlib.Path(__file__).resolve().parents[2] / "Sources"
    modules = {path.name for path in [*sources.iterdir(), *(sources / "Backends").iterdir()]} - {"Backends"}
    drawn = re.findall(r"market-drivers|one_market|[A-Z]\w+", text)
    wrong = sorted(modules.symmetric_difference(drawn)) + sorted(name for name in modules if drawn.count(name) > 1)
    return f"modules and drawing differ: {' '.join(wrong)}" if wrong else ""


# Files

def prove_file(front_end, block, text):
    for pattern, prove in FILES:
        if re.search(pattern, block.path):
            return prove(front_end, block.path, text)
    return f"no proof is known for the file {block.path}: see FILES of Tests/Pages/proofs.py"


def prove_web_server(front_end, path, text):
    front_end.write(path, text)
    return outcome(*front_end.run("systemctl reload nginx"))


def prove_settings(front_end, path, text):
    front_end.write(path, text)
    monitor = f"{REMOTES}/market/http/monitor <<'END'\n{message(DIRECTORY)}\nEND"
    wrong = outcome(*front_end.run(monitor, "oneadmin"))
    if not wrong:
        front_end.write(path, text.replace("=", "X=", 1))
        status, printed = front_end.run(monitor, "oneadmin")
        wrong = "" if status and path in printed else f"the file is not read\n{printed}"
    front_end.write(path, "")
    return wrong


def prove_oned_conf(front_end, path, text):
    arguments = re.search(r'\bEXECUTABLE\s*=\s*"one_market",?\s*ARGUMENTS\s*=\s*"(.*?)"', text)
    if arguments is None:
        return "MARKET_MAD does not start one_market"
    return ask(front_end, arguments[1], "http", DIRECTORY)


def ask(front_end, arguments, kind, template=""):
    status, printed = front_end.run(f"bash /tests/ask '{arguments}' {kind} '{template}'", "oneadmin")
    warned = re.search("^<- LOG [EW] .*", printed, re.M)
    return f"exit status {status}\n{printed}" if status or warned else ""


def prove_variables(front_end, path, text):
    """All variables come to the drivers that one_market starts."""
    front_end.write(path, text)
    front_end.write(f"{REMOTES}/market/tests/monitor", "#!/bin/sh\n" + DRIVER, mode=0o755)
    wrong = ask(front_end, "-m tests", "tests")
    front_end.demand(f"rm '{path}'")
    if wrong:
        return wrong
    found = front_end.read("/tests/out/environment").splitlines()
    for name, value in re.findall(r'^(?:export )?(\w+)="?([^"\n]*)"?$', text, re.M):
        if name == "PRIORITY":
            found.append("PRIORITY=" + front_end.read("/tests/out/niceness").strip())
        if f"{name}={value}" not in found:
            wrong += f"the drivers do not find {name}={value}\n"
    return wrong


def prove_driver(front_end, path, text):
    """A driver, whole or the line of it that one_market looks for: it gets the message on standard input."""
    whole = text if text.startswith("#!") else "#!/bin/sh\n" + text + DRIVER
    front_end.write(path, whole, mode=0o755)
    if whole != text:
        wrong = ask(front_end, "-m example", "example")
        found = front_end.read("/tests/out/input")
        return wrong or ("" if found and "MARKET" not in front_end.read("/tests/out/arguments") else
                         f"the message has not come on standard input: {found!r}")
    status, printed = front_end.run(f"printf '<A>1</A>' | base64 | '{path}' 7", "oneadmin")
    place = re.search(r"the message is in (/\S+)", printed)
    found = place and front_end.read(place[1])
    return "" if status == 1 and found == "<A>1</A>" else f"exit status {status}\n{printed}"


def prove_written(front_end, path, text):
    """A file that a template behind it names."""
    front_end.write(path, text, "oneadmin", 0o600)
    return ""


def prove_credential(front_end, path, text):
    front_end.write(path, text, "oneadmin", 0o600)
    template = f"<ENDPOINT>https://private.example</ENDPOINT><AUTH_FILE>{path}</AUTH_FILE>"
    return outcome(*front_end.run(f"{REMOTES}/market/one/monitor <<'END'\n{message(template)}\nEND", "oneadmin"))


FILES = [
    (r"^/etc/nginx/", prove_web_server),
    (r"/market-drivers\.conf$", prove_settings),
    (r"/oned\.conf$", prove_oned_conf),
    (r"^/etc/one/(mad/one_market|defaultrc)$", prove_variables),
    (r"/remotes/market/example/\w+$", prove_driver),
    (r"/\.aws/", prove_written),
    (r"/auth", prove_credential),
]
KINDS = {
    "template": prove_template,
    "attributes": prove_attributes,
    "usage": prove_usage,
    "modules": prove_modules,
    "file": prove_file,
}
