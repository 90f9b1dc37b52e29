@testable import JSON

/// A value that outlives its reader.
enum Tree: Equatable, Sendable {
    struct Member: Equatable, Sendable {
        let name: String
        let value: Tree
    }

    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([Tree])
    case object([Member])

    init(_ value: JSONValue) {
        let scalar = value.scalar ?? ""
        self =
            switch value.kind {
            case .null: .null
            case .bool: .bool(scalar == "true")
            case .number: .number(scalar)
            case .string: .string(scalar)
            case .array: .array(value.elements.map(Tree.init))
            case .object:
                .object(value.members.map { Member(name: $0.name.text ?? "", value: Tree($0.value)) })
            }
    }
}
