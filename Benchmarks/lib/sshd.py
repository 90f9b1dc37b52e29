"""An sshd of its own on 127.0.0.1, in a market's directory."""

import getpass
import os
import shutil
import socket
import subprocess
import time

import market
import ports


class Server:
    def __init__(self, place):
        self.port = ports.free()
        for key in ("host", "client"):
            market.quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.path(key))
        shutil.copy(place.path("client.pub"), place.path("authorized"))
        if os.getuid() == 0:
            # sshd wants the folder of its privilege separation.
            os.makedirs("/run/sshd", exist_ok=True)
        write(place.path("sshd_config"), [
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {place.path('host')}", "PidFile none",
            f"AuthorizedKeysFile {place.path('authorized')}", "StrictModes no", "UsePAM no", "PermitRootLogin yes",
            "Subsystem sftp internal-sftp"])
        self.configuration = place.path("ssh_config")
        write(self.configuration, [
            "Host bridge", "HostName 127.0.0.1", f"Port {self.port}", f"User {getpass.getuser()}",
            f"IdentityFile {place.path('client')}", "IdentitiesOnly yes", "StrictHostKeyChecking no",
            "UserKnownHostsFile /dev/null", "LogLevel ERROR"])
        place.configure(f'SSH_CONFIG="{self.configuration}"\n')
        self.process = subprocess.Popen(
            [shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin"), "-D", "-f", place.path("sshd_config")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise SystemExit("sshd does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
