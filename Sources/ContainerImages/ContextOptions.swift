import Bytes
import Checksums
import DriverProtocol

/// What a marketplace's template says of the packages that its containers get.
package struct ContextOptions: Sendable {
    enum Choice: Sendable {
        /// None: the image is built as it is.
        case none
        /// CONTEXT_PACKAGES.
        case listed([ContextPackage])
        case published(ContextOrigin)
    }

    let choice: Choice
    /// CONTEXT = "NO".
    package let isOff: Bool
    /// CONTEXT_EXTRA_PACKAGES.
    let extraPackages: [String]
    /// CONTEXT_SHA256, in lower case: a package of OpenNebula has to have one of them, if there are any.
    let digests: Set<String>
    /// BUILD_MODE.
    private let mode: BuildOptions.Mode

    /// Reads the attributes. Throws a ``DriverError`` that names one with a bad value.
    package init(_ request: Request) throws(DriverError) {
        let attributes = ContextAttributes(request)
        extraPackages = try Self.extraPackages(attributes)
        digests = try Self.digests(attributes)
        let packages = try ContextPackage.list(attributes)
        let origin = try ContextOrigin(attributes)
        isOff = try !attributes.flag("CONTEXT", default: true)
        mode = try BuildOptions.Mode(attributes)
        _ = try BuildOptions.mirrors(attributes)
        if isOff {
            choice = .none
        } else {
            choice = packages.isEmpty ? .published(origin) : .listed(packages)
        }
    }

    var isOn: Bool {
        if case .none = choice { false } else { true }
    }

    private static func extraPackages(_ attributes: ContextAttributes) throws(DriverError) -> [String] {
        let attribute = "CONTEXT_EXTRA_PACKAGES"
        let names = attributes.words(attribute)
        // Whatever a package manager takes for a name, but for none of its options or files.
        let fault = names.first { name in
            !name.utf8.allSatisfy { isAlphanumeric($0) || "-._+~:@=".utf8.contains($0) }
                || name.utf8.first.map(isAlphanumeric) != true
        }
        guard let fault else { return names }
        throw attributes.invalid(
            attribute, "\(quoted(oneLine(fault, limit: 100))) is no name of a package",
            remedy: "list names of the distribution's packages, separated by spaces")
    }

    private static func digests(_ attributes: ContextAttributes) throws(DriverError) -> Set<String> {
        let attribute = "CONTEXT_SHA256"
        let words = attributes.words(attribute)
        guard let fault = words.first(where: { Digest.Algorithm.sha256.digest($0) == nil }) else {
            return Set(words.compactMap(Digest.Algorithm.sha256.digest))
        }
        throw attributes.invalid(
            attribute, "\(quoted(oneLine(fault, limit: 100))) is no SHA-256 checksum",
            remedy: "give 64 hexadecimal digits for each package")
    }

    /// Returns everything of it on which an image depends; empty if the image is built as it is.
    ///
    /// - Parameter request: what a release page says may be asked for with it.
    package func fingerprint(_ request: Request) -> String {
        var parts: [String]
        switch choice {
        case .none: return ""
        case .listed(let packages): parts = packages.map { "package=" + $0.fingerprint }
        case .published(.directory(let url, let version)): parts = ["context=\(version) \(url.text)"]
        case .published(.release(let pages)):
            let release = request.transfer.isTrial ? nil : try? ContextRelease.load(pages, request, isPatient: false)
            parts = ["context=" + (release?.fingerprint ?? pages.map(\.text).joined(separator: " "))]
        }
        // Which way the others end in is known when an image is built.
        if mode == .files { parts.append("mode=files") }
        parts += extraPackages.map { "extra=" + $0 } + digests.sorted().map { "sha256=" + $0 }
        return parts.map { " " + $0 }.joined()
    }
}
