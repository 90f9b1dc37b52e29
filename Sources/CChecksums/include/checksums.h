// MD5 (RFC 1321) of two streams at the same time, and SHA-256 (FIPS 180-4) of the second one with them: blocks that all
// of them take in.
//
// Each step of MD5 waits for the one before it, so that a processor has room for a second, independent chain of steps,
// and for the instructions that it has for SHA-256: all together take little longer than one MD5. Which instructions do
// it fastest differs between processors that have the same ones: there are several candidates.
#ifndef CHECKSUMS_H
#define CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

struct checksums {
    // MD5's words A, B, C and D of either stream.
    uint32_t md5[4][2];
    // SHA-256's words H0 to H7 of the second stream.
    uint32_t sha256[8];
};

// One way to compute digests.
struct checksums_candidate {
    const char *name;
    // What it computes: the MD5 of the first stream alone (1) or of both (2), and the second one's SHA-256.
    int streams;
    int with_sha256;
    // Whether this processor has the instructions. Costs a microsecond or more under a hypervisor.
    int (*runs_here)(void);
    // Takes in `count` blocks of 64 bytes. Must only be called if it runs here.
    void (*update)(struct checksums *state, const uint8_t *bytes, size_t count);
};

// The candidates of this architecture, from 0 on, and NULL behind the last. Number 0 is one stream, number 1 is two,
// both of plain instructions that every processor has.
const struct checksums_candidate *checksums_candidate(size_t number);

#endif
