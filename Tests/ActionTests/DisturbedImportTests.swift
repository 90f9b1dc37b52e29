import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Imports whose files change under their hands, and that meet other imports.
@Suite struct DisturbedImportTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    /// Data, a hole and data: it takes long enough to be stopped before its end.
    private func makeImage(_ name: String = "image", seed: UInt64 = 1) throws -> String {
        try TestFiles.makeSparse(
            market.directory.path(name), length: 257 << 20,
            data: [0: TestFiles.noise(4096), 256 << 20: TestFiles.noise(1 << 20, seed: seed)])
    }

    enum Change: String, CaseIterable {
        case shrinks, isEmptied, growsByAByte, growsByAHole, isOverwritten

        func apply(_ path: String) throws {
            let file = try FileDescriptor.open(path, O_RDWR)
            let size = try file.status().size
            switch self {
            case .shrinks: try file.truncate(to: size - 1)
            case .isEmptied: try file.truncate(to: 0)
            case .growsByAByte: try [UInt8(1)].withUnsafeBytes { try file.writeAll($0, at: size) }
            case .growsByAHole: try file.truncate(to: size + 1)
            case .isOverwritten: try [UInt8(1)].withUnsafeBytes { try file.writeAll($0, at: 0) }
            }
        }
    }

    @Test(arguments: Change.allCases)
    func refusesAnImageThatChanges(_ change: Change) throws {
        let image = try makeImage()
        let action = try RunningAction("market-http-import", market.importMessage(image), in: market)
        try action.whileStopped { _ in try change.apply(image) }
        expectRefusal(
            try action.finish(), ["Cannot read the image '\(image)'", "while it was read", "leave the image alone"])
        #expect(try market.published() == [])
    }

    /// Whoever replaces an image by a rename leaves alone what is being read.
    @Test func keepsToTheFileThatItHasOpened() throws {
        let image = try makeImage()
        let md5 = try TestFiles.md5(image)
        let other = try market.directory.write("other", [1, 2, 3])
        let action = try RunningAction("market-http-import", market.importMessage(image), in: market)
        try action.whileStopped { _ in #expect(rename(other, image) == 0) }
        #expect(try TestFiles.md5(market.file(of: reply(of: action.finish()))) == md5)
    }

    @Test func leavesTheFilesOfARunningImport() throws {
        let image = try makeImage()
        let small = try market.directory.write("small", TestFiles.noise(1000))
        let action = try RunningAction("market-http-import", market.importMessage(image), in: market)
        try action.whileStopped { temporary in
            for _ in 0..<3 { _ = try reply(of: market.import(small)) }
            #expect(try market.published().contains(temporary))
        }
        #expect(try run(["cmp", image, market.file(of: reply(of: action.finish()))]).status.isSuccess)
        #expect(try market.published().count == 4)
    }

    @Test func clearsWhatAKilledImportHasLeft() throws {
        let action = try RunningAction("market-http-import", market.importMessage(makeImage()), in: market)
        try action.whileStopped { _ in action.send(SIGKILL) }
        #expect(try action.finish().status == .signalled(SIGKILL))
        #expect(try market.published().count == 1)
        // Files of others are none of its business.
        let others = [".hidden", ".market-drivers-notes", "x.part", ".market-drivers-1.part.old"]
        for name in others { try market.directory.write("public/" + name, []) }
        let small = try market.directory.write("small", [1])
        _ = try reply(of: market.import(small))
        let left = try market.published().filter { $0.count != 32 }
        #expect(left == others.sorted())
    }

    /// All at once, most of them of the same app in the same second.
    @Test func twentyAtOnce() throws {
        let images = try (0..<5).map { number in
            let path = market.directory.path("image\(number)")
            return try TestFiles.makeSparse(
                path, length: 3 << 20, data: [0: TestFiles.noise(1 << 20, seed: UInt64(number))])
        }
        let actions = try (0..<20).map { number in
            try RunningAction("market-http-import", market.importMessage(images[number % 5]), in: market)
        }
        var files: Set<String> = []
        for (number, action) in actions.enumerated() {
            let file = try market.file(of: reply(of: action.finish()))
            #expect(try run(["cmp", images[number % 5], file]).status.isSuccess)
            files.insert(file)
        }
        #expect(files.count == 20)
        #expect(try Set(market.published()) == Set(files.map { URL(filePath: $0).lastPathComponent }))
    }

    // MARK: A full disk

    /// Runs an import into a small file system that is filled up, either before or while it runs, and lists the files
    /// left.
    private static let onASmallDisk = [
        "unshare", "-rm", "bash", "-c",
        """
        mount -t tmpfs -o size=$1 none "$2" && cat > "$2.message" || exit 9
        "${@:4}" < "$2.message" & action=$!
        if [ "$3" = filled ]; then
            until ls -A "$2" | grep -q part; do kill -0 $action || exit 8; done
            kill -STOP $action; cat /dev/zero > "$2/filler" 2> /dev/null; kill -CONT $action
        fi
        wait $action; status=$?
        rm -f "$2/filler"; echo "INFO: left: $(ls -A "$2")" >&2; exit $status
        """, "bash",
    ]

    @Test(arguments: [
        // The image takes a little over 1 MiB: what is free is known before anything is read.
        ("512k", "", "2 MB are needed and 0 MB are free"), ("16m", "filled", "No space left on device"),
    ])
    func leavesNothingOnAFullDisk(_ size: String, _ filling: String, _ cause: String) throws {
        let message = try market.importMessage(makeImage())
        let outcome = try market.act(
            "market-http-import", input: message.base64,
            through: Self.onASmallDisk + [size, market.publicDirectory, filling])
        expectRefusal(
            outcome, ["Cannot write an image to '\(market.publicDirectory)'", cause, "free some space there"])
        #expect(outcome.errors.hasSuffix("INFO: left: \n"))
    }

    @Test func leavesNothingWhereFilesMayNotBeThatLong() throws {
        let message = try market.importMessage(makeImage())
        let outcome = try market.act(
            "market-http-import", input: message.base64,
            through: ["bash", "-c", "ulimit -f 512 && exec \"$@\"", "bash"])
        expectRefusal(outcome, ["Cannot write an image to '\(market.publicDirectory)'", "File too large", "ulimit -f"])
        #expect(try market.published() == [])
    }
}
