import Glibc
import Posix

/// The last line of a terminal, which tells how far a transfer has come, and goes before anything else is written to
/// standard error.
package enum LiveLine {
    private static let start = "\r\u{1B}[K"
    /// The width of a terminal that does not tell its own.
    private static let usualWidth = 80
    private static let isShown = Locked(false)

    /// Shows a text in place of what was there, cut at the terminal's width.
    package static func show(_ text: String) {
        isShown.update { isShown in
            isShown = true
            write(start + oneLine(text, limit: width - 1))
        }
    }

    /// Takes the line away, if there is one.
    package static func clear() {
        isShown.update { isShown in
            if isShown { write(start) }
            isShown = false
        }
    }

    private static var width: Int {
        var size = winsize()
        let isKnown = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1
        return isKnown ? Int(size.ws_col) : usualWidth
    }

    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { try? FileDescriptor.standardError.writeAll(UnsafeRawBufferPointer($0)) }
    }
}
