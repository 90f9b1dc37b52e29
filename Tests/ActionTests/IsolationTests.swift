import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Images that try to reach outside of their root directories, and builds that are killed.
@Suite(.serialized) struct IsolationTests {
    typealias Builder = InstallationRig.Builder

    /// Notes what could be done of all that must fail. `VICTIM` is a process of the test's, `OUTSIDE` its directory.
    private static let attempts = """
        try() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name" >>/var/lib/done; fi; }
        : >/var/lib/done
        try proc-root sh -c 'echo x >/proc/1/root/OUTSIDE/escaped'
        try proc-cwd sh -c 'cd /proc/1/cwd/../../../../.. && echo x >./OUTSIDE/escaped'
        try proc-fd sh -c 'cd /proc/self/fd/1/.. && echo x >./OUTSIDE/escaped'
        try chroot perl -e 'mkdir "/deep"; chroot "/deep"; chdir ".." for 1..20; chroot "."; open(F, ">OUTSIDE/escaped") or exit 1'
        try device mknod /var/lib/disk b 8 0
        try memory mknod /var/lib/memory c 1 1
        try mount mount -t tmpfs none /mnt
        try remount mount -o remount,rw /proc
        try umount umount -l /proc
        try umount-root umount -l /
        try sysctl sh -c 'echo x >/proc/sys/kernel/core_pattern'
        try sysrq sh -c 'echo h >/proc/sysrq-trigger'
        try pid-max sh -c 'echo 100000 >/proc/sys/kernel/pid_max'
        try limits sh -c 'ulimit -Hn 100000'
        try nested unshare --user --map-root-user true
        try kill kill -9 VICTIM
        try victim test -e /proc/VICTIM
        (setsid sh -c 'exec sleep 987654' </dev/null >/dev/null 2>&1 &)
        (trap '' TERM HUP INT; setsid sh -c 'cd /; exec env -i /bin/sleep 987654' </dev/null >/dev/null 2>&1 &)
        rm -f /etc/resolv.conf /etc/machine-id
        ln -s OUTSIDE/precious /etc/resolv.conf
        ln -s OUTSIDE/precious /etc/machine-id
        ln -s OUTSIDE/precious /var/log/market-drivers-build.log
        """

    @Test(arguments: [Builder.root, .user]) func nothingReachesOutsideOrStays(_ builder: Builder) throws {
        let outside = try TemporaryDirectory()
        try outside.write("precious", "mine".utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: outside.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: outside.path("precious"))
        let victim = try Child(["sleep", "600"])
        let script = Self.attempts.replacing("OUTSIDE", with: outside.path).replacing("VICTIM", with: "\(victim.pid)")
        let rig = try InstallationRig(hostile: script)
        let outcome = try rig.export(builder, rig.message(packages: "hostile"))
        #expect(victim.reap(within: 0.01) == nil)
        #expect(try outside.names() == ["precious"])
        #expect(try String(contentsOfFile: outside.path("precious"), encoding: .utf8) == "mine")
        #expect(try rig.processes().isEmpty)
        #expect(try !run(["pgrep", "-f", "sleep 98765[4]"]).status.isSuccess)
        let image = try rig.container.image(outcome, size: 512)
        guard builder.hasNamespace else { return }
        #expect(try rig.container.debug(image, "cat /var/lib/done") == "")
        #expect(try rig.container.debug(image, "stat /var/log/market-drivers-build.log").contains("regular"))
        #expect(try rig.container.debug(image, "stat /etc/resolv.conf").contains("symlink"))
    }

    /// A program that starts others for ever, and ones that take files, or room, of the machine.
    @Test func aBombTakesOnlySoMuch() throws {
        let script = #"""
            perl -e '
                while (@all < 20000) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 600; exit } push @all, $pid }
                kill 9, @all; waitpid $_, 0 for @all; printf "%d processes\n", scalar @all
            ' >/var/lib/report
            perl -e 'while (@all < 200000) { open my $file, "<", "/dev/null" or last; push @all, $file } printf "%d files\n", scalar @all' >>/var/lib/report
            perl -e '$SIG{XFSZ} = "IGNORE"; open F, ">", "/var/lib/large"; print truncate(F, 600 << 20) ? "large\n" : "small\n"' >>/var/lib/report
            echo "core $(ulimit -c)" >>/var/lib/report
            cat /proc/self/oom_score_adj >>/var/lib/report
            """#
        let rig = try InstallationRig(hostile: script)
        let outcome = try rig.export(.user, rig.message(packages: "hostile"))
        let image = try rig.container.image(outcome, size: 512)
        #expect(try rig.processes().isEmpty)
        guard Builder.user.hasNamespace else { return }
        let report = try rig.container.debug(image, "cat /var/lib/report")
        let lines = report.split(separator: "\n").map(String.init)
        try #require(lines.count == 5, "\(report)")
        let counts = lines.prefix(2).compactMap { Int($0.prefix { $0 != " " }) }
        #expect(counts.count == 2 && counts.allSatisfy { (200...4096).contains($0) }, "\(report)")
        #expect(lines[2...] == ["small", "core 0", "1000"], "\(report)")
    }

    /// The end of the log tells what has failed, and only that is read.
    @Test func aLogWithoutEndDoesNotHideTheError() throws {
        let rig = try InstallationRig(hostile: "perl -e 'truncate STDOUT, 2 << 30'; exit 3")
        let outcome = try rig.export(.user, rig.message(size: 4096, packages: "hostile"))
        guard Builder.user.hasNamespace else { return }
        try rig.container.expectFailure(outcome, "exit status 3")
    }

    /// Ends builds at moments all over their time.
    @Test(arguments: [Builder.root, .user]) func leavesNothingWhereverItIsKilled(_ builder: Builder) throws {
        let rig = try InstallationRig()
        let message = try rig.message()
        let command = try rig.command(builder)
        let record = try TemporaryDirectory()
        let input = try record.write("in", message.base64)
        let begun = Clock.now
        _ = try rig.container.image(rig.export(builder, message), size: 512)
        let duration = Clock.now - begun
        var generator = SeededGenerator(seed: 14)
        for number in 0..<15 {
            let signal = number % 2 == 0 ? SIGKILL : SIGTERM
            let before = try rig.container.catalog.directory.names(in: "staging area").count
            let moment = Double.random(in: 0.05...1, using: &generator) * duration
            let environment = ProcessInfo.processInfo.environment.merging(InstallationRig.nothing) { $1 }
                .merging(["ONE_LOCATION": rig.container.catalog.directory.path]) { $1 }
            let child = try Child(
                command, environment: environment.map { "\($0)=\($1)" },
                input: .descriptor(FileDescriptor.open(input, O_RDONLY)), output: .null, errors: .null)
            if child.reap(within: moment) == nil {
                child.send(signal)
                _ = child.reap()
            }
            // A program of this machine in the middle of its work, tar or mke2fs, ends by itself.
            let deadline = Clock.now + 20
            while try !rig.processes().isEmpty, Clock.now < deadline { usleep(20_000) }
            #expect(try rig.processes().isEmpty, "signal \(signal) after \(moment) s")
            #expect(try !String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).contains(rig.container.staging))
            if signal == SIGTERM {
                #expect(try rig.container.catalog.directory.names(in: "staging area").count <= before)
            }
        }
        // The next one removes what the killed ones have left.
        _ = try rig.container.image(rig.export(builder, message), size: 512)
    }
}
