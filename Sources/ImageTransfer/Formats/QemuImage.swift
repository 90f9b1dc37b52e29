import DriverProtocol
import Glibc
import JSON
import Posix

/// The program qemu-img, for formats that only it knows.
package enum QemuImage {
    /// The seconds that a conversion may take: two days.
    private static let conversionTimeout: Double = 172_800

    /// The output of `qemu-img info`.
    private struct Information {
        let format: String
        let virtualSize: UInt64
        let hasBackingFile: Bool
        let hasDataFile: Bool
        /// Files that hold parts of the image; nil for one without a name.
        let extents: [String?]

        init(_ document: [UInt8]) throws {
            self = try JSONReader.read(copyOf: document) { reader in try Information(reader.value()) }
        }

        private init(_ value: JSONValue?) throws(Missing) {
            guard let value, let format = value["format"]?.text,
                let size = value["virtual-size"]?.scalar.flatMap({ UInt64($0) })
            else { throw Missing() }
            self.format = format
            virtualSize = size
            hasBackingFile = value["backing-filename"] != nil
            let details = value["format-specific"]?["data"]
            hasDataFile = details?["data-file"] != nil
            extents = details?["extents"]?.elements.map { $0["filename"]?.text } ?? []
        }

        struct Missing: Error, CustomStringConvertible {
            var description: String { "it has no format, or no virtual-size" }
        }
    }

    /// Describes the file at `path`: `qemu-img info`. If `format` is nil, qemu-img guesses it from the content. Throws
    /// if the image needs further files. Its name in errors is `name`.
    package static func describe(_ path: String, format: String?, name: String? = nil) throws -> ImageDescription {
        let name = name ?? path
        let formatArguments = format.map { ["-f", $0] } ?? []
        let result = try run(["info", "--output=json", "-U"] + formatArguments + ["--", path], on: name, timeout: 60)
        let information: Information
        do {
            information = try Information(result.output)
        } catch {
            throw DriverError(
                "read", "the image \(quoted(name))", cause: "qemu-img info answered what is no description: \(error)",
                remedy: "try qemu-img info on it by hand")
        }
        if information.hasBackingFile { throw ImageDescription.needsAnotherFile(name, "a backing file") }
        if information.hasDataFile { throw ImageDescription.needsAnotherFile(name, "an external data file") }
        if information.extents.count > 1 || information.extents.contains(where: { ($0 ?? path) != path }) {
            throw ImageDescription.needsAnotherFile(name, "extents in other files")
        }
        return ImageDescription(format: information.format, virtualSize: information.virtualSize)
    }

    /// Writes the image at `path` to `target` in another format: `qemu-img convert`. Its name in errors is `name`.
    package static func convert(
        _ path: String, from format: String, to target: String, in newFormat: String, name: String? = nil
    ) throws {
        _ = try run(
            ["convert", "-U", "-f", format, "-O", newFormat, "--", path, target], on: name ?? path,
            timeout: conversionTimeout)
    }

    /// Returns whether the installed qemu-img reads or writes such images. Returns true if it does not tell: whoever needs
    /// it gets its error.
    static func knows(_ format: String, toWrite: Bool) -> Bool {
        guard format != "raw", format != "qcow2" else { return true }
        // Some formats can be read only: it has a list of all, and the options of those that can be written.
        let arguments = toWrite ? ["create", "-f", format, "-o", "help"] : ["--help"]
        guard let result = try? Command(["qemu-img"] + arguments).run(timeout: 60) else { return true }
        if toWrite { return result.status.isSuccess }
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        guard let list = lines.first(where: { $0.hasPrefix(formatList) }) else { return true }
        return list.dropFirst(formatList.count).split(separator: " ").contains { $0 == format }
    }

    private static let formatList = "Supported formats:"

    private static func run(_ arguments: [String], on name: String, timeout: Double) throws -> Command.Result {
        let operation = "run qemu-img \(arguments[0]) on"
        do {
            let result = try Command(["qemu-img"] + arguments).run(timeout: timeout)
            guard result.status.isSuccess else {
                throw DriverError(
                    operation, "the image \(quoted(name))", cause: result.reason,
                    remedy: "check the image's format, and the free space")
            }
            return result
        } catch let error as SystemError {
            throw DriverError(
                operation, "the image \(quoted(name))", error,
                remedy: error.code == ENOENT ? "install the package qemu-utils" : nil)
        } catch let error as Command.Failure {
            throw DriverError(
                operation, "the image \(quoted(name))", cause: error, remedy: "check the image and the disk")
        }
    }
}
