"""An sshd of its own on 127.0.0.1, in a market's directory."""

import getpass
import os
import shutil

import market
import servers


class Server:
    def __init__(self, place):
        for key in ("host", "client"):
            market.quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.path(key))
        shutil.copy(place.path("client.pub"), place.path("authorized"))
        if os.getuid() == 0:
            # sshd wants the folder of its privilege separation.
            os.makedirs("/run/sshd", exist_ok=True)
        self.place = place
        self.server = servers.Server(self.command)
        self.configuration = place.path("ssh_config")
        write(self.configuration, [
            "Host bridge", "HostName 127.0.0.1", f"Port {self.server.port}", f"User {getpass.getuser()}",
            f"IdentityFile {place.path('client')}", "IdentitiesOnly yes", "StrictHostKeyChecking no",
            "UserKnownHostsFile /dev/null", "LogLevel ERROR"])
        place.configure(f'SSH_CONFIG="{self.configuration}"\n')

    def command(self, ports):
        file = self.place.path("sshd_config")
        write(file, [
            f"Port {ports[0]}", "ListenAddress 127.0.0.1", f"HostKey {self.place.path('host')}", "PidFile none",
            f"AuthorizedKeysFile {self.place.path('authorized')}", "StrictModes no", "UsePAM no", "PermitRootLogin yes",
            "Subsystem sftp internal-sftp"])
        return [shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin"), "-D", "-e", "-f", file]

    def cpu(self):
        """Seconds of processor time that the sessions have taken that have ended: proc(5), cutime and cstime."""
        with open(f"/proc/{self.server.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.end()


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
