extension UInt64 {
    /// This number of bytes in MB as OpenNebula counts them (1024 × 1024), rounded up.
    package var megabytesRoundedUp: UInt64 {
        self / 1_048_576 + (self % 1_048_576 == 0 ? 0 : 1)
    }
}
