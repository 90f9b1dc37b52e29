import DriverProtocol
import Glibc
import Posix

/// ssh(1) to a bridge host: without a terminal and without questions.
enum SSHCommand {
    /// Ciphers that take half the time of ssh's first choice where the processor has instructions for AES.
    private static let fastCiphers = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]

    /// Returns the words of the command, without what it runs there. Throws `Interrupted`.
    static func words(to host: BridgeHost, _ settings: Settings) throws -> [String] {
        var command = ["ssh", "-T", "-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=\(settings.sshConnectTimeout)"]
        command += ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]
        if let file = settings.sshConfiguration { command += ["-F", file] }
        let target = ["--", host.name]
        guard let allowed = try ciphers(command + ["-G"] + target, timeout: settings.sshConnectTimeout),
            let ordered = fastFirst(allowed)
        else { return command + target }
        return command + ["-o", "Ciphers=" + ordered.joined(separator: ",")] + target
    }

    /// Returns the ciphers that the configuration allows, as `ssh -G` tells, or nil if it does not: the connection will
    /// say why.
    private static func ciphers(_ command: [String], timeout: Int) throws -> [String]? {
        guard hasInstructionsForAES() else { return nil }
        do {
            let result = try Command(command).run(timeout: Double(timeout))
            let mark = "ciphers "
            return String(decoding: result.output, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(mark) }
                .map { $0.dropFirst(mark.count).split(separator: ",").map(String.init) }
        } catch let interrupted as Interrupted {
            throw interrupted
        } catch {
            return nil
        }
    }

    /// Returns `allowed` with a fast one before the others, or nil if none is among them, or one is the first already.
    static func fastFirst(_ allowed: [String]) -> [String]? {
        guard let first = allowed.first, !fastCiphers.contains(first),
            let fast = fastCiphers.first(where: allowed.contains)
        else { return nil }
        return [fast] + allowed.filter { $0 != fast }
    }

    /// Whether proc_cpuinfo(5) lists them for this machine's first processor.
    private static func hasInstructionsForAES() -> Bool {
        var start = [UInt8](repeating: 0, count: 4096)
        guard let file = try? FileDescriptor.open("/proc/cpuinfo", O_RDONLY),
            let count = try? start.withUnsafeMutableBytes({ try file.read(into: $0) })
        else { return false }
        return String(decoding: start[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace).contains("aes")
    }
}
