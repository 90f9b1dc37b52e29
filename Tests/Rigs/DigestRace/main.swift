// How fast each way to compute digests is on this processor, and which of them the drivers choose: a table in Markdown.

import Checksums

print("| digests | computed by | MB/s | chosen |")
print("|---|---|---|---|")
for result in Race.results() {
    print("| \(result.digests) | \(result.name) | \(Int(result.speed)) | \(result.isChosen ? "yes" : "") |")
}
