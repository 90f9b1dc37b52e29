/// The nodes of the value that a reader read last.
final class JSONTape {
    /// A value with more is not kept, so that a document of brackets and commas alone can't take all memory.
    static let maximumCount = 1 << 20

    private(set) var nodes = UnsafeMutablePointer<JSONValue.Node>.allocate(capacity: 256)
    private var capacity = 256
    private(set) var count = 0
    /// Whether something of the value was left out.
    private(set) var isPartial = false

    deinit {
        nodes.deallocate()
    }

    func removeAll() {
        count = 0
        isPartial = false
    }

    func markPartial() {
        isPartial = true
    }

    @inline(__always)
    func append(_ kind: JSONValue.Kind, _ text: UnsafeMutableBufferPointer<UInt8>) {
        if count == capacity { grow() }
        guard count < Self.maximumCount else { return markPartial() }
        (nodes + count).initialize(to: JSONValue.Node(kind: kind, count: 1, text: text))
        count += 1
    }

    /// Ends the array or object at `position`, which contains all that has been appended since.
    func close(_ position: Int) {
        guard position < count else { return }
        nodes[position].count = Int32(count - position)
    }

    private func grow() {
        guard capacity < Self.maximumCount else { return }
        let larger = UnsafeMutablePointer<JSONValue.Node>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: nodes, count: count)
        nodes.deallocate()
        (nodes, capacity) = (larger, 2 * capacity)
    }
}
