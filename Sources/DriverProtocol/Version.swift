/// The release of these drivers, as in CHANGELOG.md: semver.org.
package let version = "0.1.0"
