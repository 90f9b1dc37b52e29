#include "checksums.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#include "md5_steps.h"

// AVX-512 rotates in one instruction, and so does it with each of MD5's functions.
#define AVX512 __attribute__((target("avx512f,avx512vl")))
#define AVX512_SHA __attribute__((target("avx512f,avx512vl,sha")))
#define ALWAYS_INLINE static inline __attribute__((always_inline))

// A word of a block where it lies, at any address.
typedef uint32_t word __attribute__((aligned(1), may_alias));

// MD5's words of either stream, in the lower half of each.
struct md5 {
    __m128i a, b, c, d;
};

AVX512 ALWAYS_INLINE struct md5 load_md5(const struct checksums *state) {
    return (struct md5){
        _mm_loadl_epi64((const __m128i *)state->md5[0]), _mm_loadl_epi64((const __m128i *)state->md5[1]),
        _mm_loadl_epi64((const __m128i *)state->md5[2]), _mm_loadl_epi64((const __m128i *)state->md5[3])};
}

AVX512 ALWAYS_INLINE void store_md5(struct checksums *state, struct md5 md5) {
    _mm_storel_epi64((__m128i *)state->md5[0], md5.a);
    _mm_storel_epi64((__m128i *)state->md5[1], md5.b);
    _mm_storel_epi64((__m128i *)state->md5[2], md5.c);
    _mm_storel_epi64((__m128i *)state->md5[3], md5.d);
}

AVX512 ALWAYS_INLINE struct md5 sum(struct md5 x, struct md5 y) {
    return (struct md5){
        _mm_add_epi32(x.a, y.a), _mm_add_epi32(x.b, y.b), _mm_add_epi32(x.c, y.c), _mm_add_epi32(x.d, y.d)};
}

// The functions as tables over the bits of b, c and d: VPTERNLOG.
#define F 0xca
#define G 0xe4
#define H 0x96
#define I 0x39
#define STEP(f, a, b, c, d, i, constant, rotation)                                \
    md5.a = _mm_add_epi32(md5.a, _mm_set1_epi32((int)(words[i] + constant##u)));  \
    md5.a = _mm_add_epi32(md5.a, _mm_ternarylogic_epi32(md5.b, md5.c, md5.d, f)); \
    md5.a = _mm_add_epi32(_mm_rol_epi32(md5.a, rotation), md5.b);
#define NOTHING(n)

AVX512 static void update_avx512(struct checksums *state, const uint8_t *bytes, size_t count) {
    struct md5 md5 = load_md5(state);
    for (; count > 0; count--, bytes += 64) {
        const word *words = (const word *)bytes;
        const struct md5 before = md5;
        MD5_STEPS(STEP, NOTHING)
        md5 = sum(md5, before);
    }
    store_md5(state, md5);
}

int checksums_md5_is_fast(void) { return __builtin_cpu_supports("avx512vl") != 0; }

void checksums_update(struct checksums *state, const uint8_t *bytes, size_t count) {
    if (checksums_md5_is_fast()) {
        update_avx512(state, bytes, count);
    } else {
        checksums_update_plain(state, bytes, count);
    }
}

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

AVX512_SHA ALWAYS_INLINE struct sha256 load_sha256(const struct checksums *state) {
    const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state->sha256), 0xb1);
    const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state->sha256 + 4)), 0x1b);
    return (struct sha256){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

AVX512_SHA ALWAYS_INLINE void store_sha256(struct checksums *state, struct sha256 sha256) {
    const __m128i feba = _mm_shuffle_epi32(sha256.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(sha256.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state->sha256, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state->sha256 + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// The next four words of the message schedule, in place of the first of the 16 that are there.
AVX512_SHA ALWAYS_INLINE __m128i schedule(__m128i first, __m128i second, __m128i third, __m128i fourth) {
    const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), _mm_alignr_epi8(fourth, third, 4));
    return _mm_sha256msg2_epu32(partial, fourth);
}

// FIPS 180-4, section 6.2.2: the rounds 4n to 4n + 3. The first 16 words of the schedule are the block's own.
#define SHA256_ROUNDS(n)                                                                       \
    if (n >= 4) w[n & 3] = schedule(w[n & 3], w[(n + 1) & 3], w[(n + 2) & 3], w[(n + 3) & 3]); \
    wk = _mm_add_epi32(w[n & 3], ((const __m128i *)K)[n]);                                     \
    sha256.cdgh = _mm_sha256rnds2_epu32(sha256.cdgh, sha256.abef, wk);                         \
    sha256.abef = _mm_sha256rnds2_epu32(sha256.abef, sha256.cdgh, _mm_shuffle_epi32(wk, 0x0e));

// SHA-256's instructions exist in the legacy encoding alone, all others here in the one of AVX. While the upper half of
// any vector register is in use, going from one encoding to the other takes so long that all this becomes a hundred times
// slower. So nothing here may be wider than 16 bytes, not even what a compiler makes of a memcpy: the tests look at it.
AVX512_SHA void checksums_update_with_sha256(struct checksums *state, const uint8_t *bytes, size_t count) {
    _mm256_zeroupper();
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    struct md5 md5 = load_md5(state);
    struct sha256 sha256 = load_sha256(state);
    for (; count > 0; count--, bytes += 64) {
        const word *words = (const word *)bytes;
        const struct md5 before = md5;
        const struct sha256 before_sha256 = sha256;
        __m128i w[4], wk;
        for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)bytes + i), big_endian);
        MD5_STEPS(STEP, SHA256_ROUNDS)
        md5 = sum(md5, before);
        sha256.abef = _mm_add_epi32(sha256.abef, before_sha256.abef);
        sha256.cdgh = _mm_add_epi32(sha256.cdgh, before_sha256.cdgh);
    }
    store_md5(state, md5);
    store_sha256(state, sha256);
}

int checksums_has_sha256(void) {
    unsigned eax, ebx, ecx, edx;
    // __builtin_cpu_supports() does not know it in every compiler.
    return checksums_md5_is_fast() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) != 0;
}

#else

int checksums_md5_is_fast(void) { return 0; }

void checksums_update(struct checksums *state, const uint8_t *bytes, size_t count) {
    checksums_update_plain(state, bytes, count);
}

int checksums_has_sha256(void) { return 0; }

void checksums_update_with_sha256(struct checksums *state, const uint8_t *bytes, size_t count) {
    (void)state, (void)bytes, (void)count;
    __builtin_trap();
}

#endif
