"""What the pages leave to their reader, and what has to be there for what they show."""

# In place of what stands in a block of the page.
VALUES = {
    "docs/linuxcontainers.md": {"=HEX": "=" + "0" * 64},
}

# The web server and the directory of docs/http.md, whose blocks are taken.
WEB_SERVER = object()
MESSAGE = "sed -i 's|<PATH>.*</PATH>|<PATH>/var/tmp/example.qcow2</PATH>|' /var/lib/one/message"
APP = """printf image >/var/www/market/NAME
su oneadmin -c '/var/lib/one/remotes/market/http/export --example >/var/lib/one/message'"""

# A marketplace that oned has, as it has been recorded; its web server is not here.
RECORDED = """grep -o '<MARKETPLACE>.*</MARKETPLACE>' /tests/market-http-monitor.xml >/tests/known/onemarket.100
mkdir -p /var/local/market-http"""

# What the front-end gets before a block that has this text: commands of root, or WEB_SERVER.
BEFORE = [
    ("README.md", "check < ", WEB_SERVER),
    ("docs/operations.md", "check < ", "install -d -o oneadmin -g oneadmin /var/www/market"),
    ("docs/operations.md", "onemarket show -x 100", RECORDED),
    ("docs/datastores.md", "oneimage create", "install -d -o oneadmin -g oneadmin /var/lib/one/datastores"),
    ("docs/datastores.md", "fs/cp 7", MESSAGE),
    ("docs/datastores.md", "export --to", WEB_SERVER),
    ("docs/datastores.md", "export --to", APP),
]

# What prints an error that a page shows: the start of it, commands of oneadmin, and before them commands of root.
NO_BUCKET = """kill "$(</tests/s3.9001)"
sleep 0.5
set -- 9001 us-east-1 no-bucket ceph
. /tests/start-service"""
ERRORS = [
    ("README.md", "Cannot use the directory", "/var/lib/one/remotes/market/http/monitor < ~/message",
     "mv /var/www/market /var/www/other"),
    ("docs/s3.md", "Cannot look at", "/tests/run-action market/s3/monitor 100", NO_BUCKET),
]
