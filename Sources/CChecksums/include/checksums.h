// MD5 (RFC 1321) of two streams at the same time, and SHA-256 (FIPS 180-4) of the second one with them: blocks that all
// of them take in.
//
// Each step of MD5 waits for the one before it, so that a processor has room for a second, independent chain of steps,
// and for the instructions that it has for SHA-256: all together take little longer than one MD5.
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

// Takes `count` blocks of 64 bytes into the MD5s, with the instructions that suit this processor best.
void checksums_update(struct checksums *state, const uint8_t *bytes, size_t count);

// The same with the plain instructions that every processor has.
void checksums_update_plain(struct checksums *state, const uint8_t *bytes, size_t count);

// Whether checksums_update() has better than plain instructions: it is faster then with two streams than others with
// one.
int checksums_md5_is_fast(void);

// Takes the blocks into the SHA-256, too. Only where checksums_has_sha256().
void checksums_update_with_sha256(struct checksums *state, const uint8_t *bytes, size_t count);

// Whether this processor can do that. Costs a microsecond or more under a hypervisor.
int checksums_has_sha256(void);

#endif
