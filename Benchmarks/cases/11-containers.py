"""A contextualized container: what linuxcontainers/export makes of an archive of a small Debian, beside mmdebstrap, which
puts the same packages into the same archive, and mke2fs, which makes the same image of it. A server on this machine has
all that both fetch, after the first round, which does not count."""

import lzma
import os
import subprocess
import sys

import report
import servers
import timing
from market import RELEASE, Market

runs, directory = int(sys.argv[1]), sys.argv[2]
# What docs/linuxcontainers.md's Debian gets.
NAMES = (
    "util-linux bash curl bind9-host cloud-utils parted ruby sudo passwd dbus openssh-server qemu-guest-agent gawk virt-what "
    "open-vm-tools").split()
RELEASE_NAME = "bookworm"

with Market(directory) as place:
    os.mkdir(place.path("kept"))
    os.mkdir(place.path("package"))
    os.mkdir(place.path("served"))
    os.mkdir(place.path("package/DEBIAN"))
    with open(place.path("package/DEBIAN/control"), "w", encoding="ascii") as file:
        file.write("Package: one-context\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n")
    context = place.path("one-context_1.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", place.path("package"), context], check=True, capture_output=True)
    here = os.path.dirname(os.path.abspath(report.__file__))
    debian = servers.Server(lambda ports: [sys.executable, os.path.join(here, "debian.py"), str(ports[0]), place.path("kept")])
    web = servers.Server(
        lambda ports: [sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", place.path("served"), str(ports[0])])
    try:
        mirror = f"http://127.0.0.1:{debian.port}"
        quiet = ["mmdebstrap", "--quiet", "--variant=apt"]
        archive = place.path("root.tar")
        # The image has the sources of Debian, in place of which PACKAGE_MIRROR names the server.
        hook = f'echo "deb http://deb.debian.org/debian {RELEASE_NAME} main" >"$1/etc/apt/sources.list"'
        subprocess.run([*quiet, f"--customize-hook={hook}", RELEASE_NAME, archive, mirror + "/debian"], check=True)
        with open(archive, "rb") as plain, open(place.path("served/rootfs.tar.xz"), "wb") as packed:
            packed.write(lzma.compress(plain.read(), preset=1))
        place.configure(f'STAGING_DIR="{place.root}"\n')
        source = f"lxd://http://127.0.0.1:{web.port}/rootfs.tar.xz?size=2048&filesystem=ext4&format=raw"
        message = place.message(
            MARKETPLACEAPP__SOURCE=source, MARKETPLACEAPP__FORMAT="raw", MARKETPLACE__TEMPLATE__VERIFY="NO",
            MARKETPLACE__TEMPLATE__CONTEXT_PACKAGES=context, MARKETPLACE__TEMPLATE__BUILD_MODE="namespace",
            MARKETPLACE__TEMPLATE__PACKAGE_MIRROR=f"debian={mirror}")
        environment = dict(place.env, no_proxy="127.0.0.1")

        def ours():
            place.clear(place.datastore)
            return timing.measure(
                [os.path.join(RELEASE, "market-drivers"), "market/linuxcontainers/export"], message, environment)

        # mmdebstrap's manual has this way to change what there is already.
        script = f"""
            cd '{place.root}' && rm -rf other other.img &&
            mmdebstrap --quiet --variant=custom --skip=update,cleanup \
                --setup-hook='xz -dc served/rootfs.tar.xz | mmtarfilter "--path-exclude=/dev/*" | tar -C "$1" -x' \
                --customize-hook='sed -i "s|http://deb.debian.org|{mirror}|" "$1/etc/apt/sources.list"' \
                --customize-hook='chroot "$1" apt-get -q update' \
                --customize-hook='chroot "$1" apt-get -q -y --no-install-recommends install $names' \
                '' other &&
            mke2fs -q -t ext4 -d other other.img 2048M && rm -rf other && md5sum other.img"""

        def theirs():
            return timing.measure(["bash", "-c", script], env=dict(environment, names=" ".join(NAMES)))

        samples = timing.alternately(runs, ours, theirs)
        report.row("linuxcontainers/export of a Debian, ext4", samples[0], "`mmdebstrap` of the archive, `mke2fs -d`, `md5sum`", samples[1])
    finally:
        web.end()
        debian.end()
