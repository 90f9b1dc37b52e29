/// A user namespace of this user's: programs in it are root, and their files get the owners that they have in the
/// container, each stood for by a subordinate id. unshare(1) makes it, newuidmap(1) and newgidmap(1) give it its ids.
package struct UserNamespace: Equatable {
    /// $1 and $2 are the maps, the rest the program. A process holds the namespace until the program is in it. All of
    /// them end with this process: entering the namespace takes that back, so it is asked for again.
    private static let script = """
        users=$1 groups=$2
        shift 2
        unshare --user sh -c 'exec setpriv --pdeathsig KILL sleep 20 >/dev/null 2>&1' &
        holder=$!
        trap 'kill "$holder"' EXIT
        outside=$(readlink /proc/self/ns/user)
        tries=0
        until inside=$(readlink "/proc/$holder/ns/user") && [ "$inside" != "$outside" ]; do
            tries=$((tries + 1))
            kill -0 "$holder" 2>/dev/null && [ "$tries" -lt 1000 ] || exit 125
            sleep 0.01
        done
        if [ "$(id -u)" -eq 0 ]; then
            printf '%s %s %s\\n' $groups >"/proc/$holder/gid_map" || exit 125
            printf '%s %s %s\\n' $users >"/proc/$holder/uid_map" || exit 125
        else
            newgidmap "$holder" $groups || exit 125
            newuidmap "$holder" $users || exit 125
        fi
        exec 9<"/proc/$holder/ns/user"
        kill "$holder"
        wait "$holder" 2>/dev/null
        trap - EXIT
        exec nsenter --user=/proc/self/fd/9 --setuid 0 --setgid 0 -- \\
            sh -c 'exec 9<&-; exec setpriv --pdeathsig KILL -- "$@"' sh \\
            sh -c '[ "$PPID" = "$1" ] || exit 125; shift; exec "$@"' sh "$PPID" "$@"
        """

    package let ids: SubordinateIDs

    package init(ids: SubordinateIDs) {
        self.ids = ids
    }

    /// Returns the command that runs a program of this machine in it. It can also read and write what is this user's.
    package func command(_ arguments: [String]) -> [String] { wrapped(arguments, includesOwn: true) }

    /// Opens this executable, $1, as the descriptor of the next script, and runs the rest.
    private static let openScript = "exec 8<\"$1\" && shift && exec \"$@\""
    /// Runs this executable, $1, with the rest. Its directory may be closed to the users of the container.
    private static let enterScript = """
        [ -x /proc/self/fd/8 ] || {
            echo "market-drivers: others may not execute $1, so the users of a container cannot either" >&2
            exit 126
        }
        shift
        exec /proc/self/fd/8 "$@"
        """

    /// Returns the command that runs a program of the container whose root directory is the current one. Nothing in it
    /// is this user.
    package func containerCommand(_ arguments: [String]) throws(SystemError) -> [String] {
        let command = try ContainerRoot.command(arguments)
        return ["sh", "-c", Self.openScript, "sh", command[0]]
            + wrapped(["sh", "-c", Self.enterScript, "sh"] + command, includesOwn: false)
    }

    private func wrapped(_ arguments: [String], includesOwn: Bool) -> [String] {
        let maps = ids.maps(includesOwn: includesOwn)
        return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", Self.script, "sh", maps.users, maps.groups]
            + arguments
    }
}
