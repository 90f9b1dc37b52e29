/// `bytes` in MB as OpenNebula counts them (1024 × 1024), rounded up.
package func megabytes(roundingUp bytes: UInt64) -> UInt64 {
    bytes / 1_048_576 + (bytes % 1_048_576 == 0 ? 0 : 1)
}
