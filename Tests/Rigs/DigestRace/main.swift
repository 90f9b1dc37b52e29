// Prints the speed of each way to compute digests on this processor, and the drivers' choice: a table in Markdown.

import Checksums

print("| digests | computed by | MB/s | chosen |")
print("|---|---|---|---|")
for result in Race.results() {
    print("| \(result.digests) | \(result.name) | \(Int(result.speed)) | \(result.isChosen ? "yes" : "") |")
}
