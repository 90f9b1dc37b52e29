import DatastoreCeph
import DatastoreDownloader
import DatastoreFS
import DriverProtocol
import Glibc
import MarketHTTP
import MarketLinuxContainers
import MarketOne
import MarketS3
import Posix

// A build of a container's image runs the image's own package manager through this executable.
if let status = ContainerRoot.run(CommandLine.arguments) { exit(status) }

// One executable has all actions: the Swift runtime, which is linked in, is installed once.
ActionTable([
    MarketHTTP.Import.self, MarketHTTP.Delete.self, MarketHTTP.Monitor.self, MarketHTTP.Export.self,
    MarketHTTP.Check.self,
    MarketS3.Import.self, MarketS3.Delete.self, MarketS3.Monitor.self, MarketS3.Export.self,
    MarketS3.Check.self,
    MarketOne.Import.self, MarketOne.Delete.self, MarketOne.Monitor.self, MarketOne.Export.self,
    MarketOne.Check.self,
    MarketLinuxContainers.Import.self, MarketLinuxContainers.Delete.self, MarketLinuxContainers.Monitor.self,
    MarketLinuxContainers.Export.self, MarketLinuxContainers.Check.self,
    DatastoreCeph.Export.self, DatastoreCeph.Copy.self,
    DatastoreFS.Export.self, DatastoreFS.Copy.self,
    Downloader.self,
]).main()
