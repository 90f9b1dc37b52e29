// SHA-256 by the instructions that x86-64 has for it, beside something else.
#ifndef SHA256_H
#define SHA256_H

#include <cpuid.h>
#include <immintrin.h>

#include "checksums.h"

#define SHA256 __attribute__((target("sse4.1,sha")))
#define ALWAYS_INLINE static inline __attribute__((always_inline))

// FIPS 180-4, section 4.2.2.
static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

// SHA-256's working variables as its instructions have them: each name's last letter is the lowest word.
struct sha256 {
    __m128i abef, cdgh;
};

SHA256 ALWAYS_INLINE struct sha256 load_sha256(const struct checksums *state) {
    const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state->sha256), 0xb1);
    const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state->sha256 + 4)), 0x1b);
    return (struct sha256){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

SHA256 ALWAYS_INLINE void store_sha256(struct checksums *state, struct sha256 sha256) {
    const __m128i feba = _mm_shuffle_epi32(sha256.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(sha256.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state->sha256, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state->sha256 + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// The next four words of the message schedule, in place of the first of the 16 that are there.
SHA256 ALWAYS_INLINE __m128i schedule(__m128i first, __m128i second, __m128i third, __m128i fourth) {
    const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), _mm_alignr_epi8(fourth, third, 4));
    return _mm_sha256msg2_epu32(partial, fourth);
}

// FIPS 180-4, section 6.2.2: the rounds 4n to 4n + 3. The first 16 words of the schedule are the block's own.
#define SHA256_ROUNDS(n)                                                                       \
    if (n >= 4) w[n & 3] = schedule(w[n & 3], w[(n + 1) & 3], w[(n + 2) & 3], w[(n + 3) & 3]); \
    wk = _mm_add_epi32(w[n & 3], ((const __m128i *)K)[n]);                                     \
    sha256.cdgh = _mm_sha256rnds2_epu32(sha256.cdgh, sha256.abef, wk);                         \
    sha256.abef = _mm_sha256rnds2_epu32(sha256.abef, sha256.cdgh, _mm_shuffle_epi32(wk, 0x0e));

// A block's words as they enter the schedule.
SHA256 ALWAYS_INLINE void load_schedule(__m128i w[4], const uint8_t *bytes) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes + i), big_endian);
}

SHA256 ALWAYS_INLINE struct sha256 sum_sha256(struct sha256 x, struct sha256 y) {
    return (struct sha256){_mm_add_epi32(x.abef, y.abef), _mm_add_epi32(x.cdgh, y.cdgh)};
}

ALWAYS_INLINE int has_sha256(void) {
    unsigned eax, ebx, ecx, edx;
    // __builtin_cpu_supports() does not know it in every compiler.
    return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) != 0;
}

#endif
