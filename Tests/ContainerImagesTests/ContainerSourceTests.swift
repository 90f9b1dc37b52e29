import ContainerImages
import DriverProtocol
import Testing

/// The SOURCE of an app that is a container's image.
@Suite struct ContainerSourceTests {
    @Test func isReadAsItIsWritten() throws {
        let source = "lxd://https://images.example/rootfs.tar.xz?size=3000&filesystem=xfs&format=qcow2"
        #expect(try ContainerImage(source: source).source == source)
    }

    @Test func saysThatItStaysAsItIs() throws {
        let plain = "lxd://https://images.example/rootfs.tar.xz?size=3000&filesystem=ext4&format=raw"
        #expect(try ContainerImage(source: plain).isContextualized)
        #expect(try ContainerImage(source: plain + "&context=yes").source == plain)
        let image = try ContainerImage(source: plain + "&context=no")
        #expect(!image.isContextualized && image.source == plain + "&context=no")
        let error = #expect(throws: DriverError.self) { try ContainerImage(source: plain + "&context=x") }
        #expect(error?.description.contains("its context is neither yes nor no") == true)
    }

    @Test(arguments: [
        "lxd://https://user:hidden@images.example/x?token=hidden", "lxd://ftp://user:hidden@images.example/x",
        "lxd://https://user:hidden@images.example/../x", "https://user:hidden@images.example/x?size=hidden",
        "lxd://https://images.example/x?size=hidden",
    ])
    func anErrorTellsNoSecret(source: String) throws {
        let error = #expect(throws: DriverError.self) { _ = try ContainerImage(source: source) }
        #expect(error?.description.contains("images.example") == true)
        #expect(error?.description.contains("hidden") == false)
    }
}
