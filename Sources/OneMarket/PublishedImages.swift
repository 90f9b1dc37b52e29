import DriverProtocol
import XML

/// The SOURCEs that imports have printed. If oned deletes an app whose import is running or has just been answered, its
/// DELETE has none.
struct PublishedImages {
    /// The number of apps that are remembered.
    static let limit = 1000
    /// Seconds: longer than a line waits in oned or in a pipe.
    static let age = 3600.0

    private var sources: [Int: (source: String, time: Double)] = [:]

    /// Remembers the `output` of the import of app `id`.
    mutating func note(_ output: [UInt8], of id: Int, at now: Double) {
        guard let template = try? Template(parsing: String(decoding: output, as: UTF8.self)),
            let source = template["SOURCE"], !source.isEmpty
        else { return }
        if sources.count >= Self.limit { dropOld(at: now) }
        sources[id] = (source, now)
    }

    /// Returns the SOURCE of an app that is being deleted, and forgets it, or returns nil if there is none.
    mutating func take(_ id: Int, at now: Double) -> String? {
        guard let found = sources.removeValue(forKey: id), now - found.time <= Self.age else { return nil }
        return found.source
    }

    private mutating func dropOld(at now: Double) {
        sources = sources.filter { now - $0.value.time <= Self.age }
        guard sources.count >= Self.limit, let oldest = sources.min(by: { $0.value.time < $1.value.time }) else {
            return
        }
        sources[oldest.key] = nil
    }
}

extension Message {
    /// Returns the document with that SOURCE in its app, or nil if it has one already, or no app.
    func document(withSource source: String) -> [UInt8]? {
        guard value(.appSourceIfAny) == nil, let app = root.child("MARKETPLACEAPP") else { return nil }
        let element = Array("<SOURCE>\(XMLText.characterData(source))</SOURCE>".utf8)
        if let old = app.child("SOURCE") {
            return document[..<old.range.lowerBound] + element + document[old.range.upperBound...]
        }
        guard let end = document[app.range].lastIndex(of: UInt8(ascii: "<")), end > app.range.lowerBound else {
            return nil
        }
        return document[..<end] + element + document[end...]
    }
}
