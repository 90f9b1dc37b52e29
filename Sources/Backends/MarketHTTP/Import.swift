import AppTransfer
import DriverProtocol
import ImageTransfer
import Posix

/// `market/http/import`: puts an image into the directory that the web server serves.
package enum Import: Action {
    /// The web server, which may be any user, must be able to read it.
    static let mode: UInt32 = 0o644

    package static let name = "market/http/import"
    package static let purpose = "copies an image into PUBLIC_DIR; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    package static let inputs = PublicDirectory.inputs + AppImport.inputs
    package static let sourceInputs = ImageSources.inputs

    package static func run(_ request: Request) throws -> Reply {
        let directory = try PublicDirectory(request)
        return try startingOver(request.log) { try publish(request, in: directory) }
    }

    private static func publish(_ request: Request, in directory: PublicDirectory) throws -> Reply {
        let app = try AppImport(request)
        let source = try app.open()

        // No other file can have that name: if a file has it, it is this import's.
        let name = randomName(digits: PublicDirectory.nameLength)
        return try ImportJournal(request, directory).record(Publication(name: name)) { running in
            let sink = try directory.images.makeSink(ImageNames(name), mode: mode, needing: source.storageSize)
            return try app.publish(source, into: sink, as: directory.url(of: name).text, running)
        }
    }
}
