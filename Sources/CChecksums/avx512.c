#include "candidates.h"

#ifdef __x86_64__

#include "md5_steps.h"
#include "sha256.h"

// AVX-512 rotates in one instruction, and so does it with each of MD5's functions. All here is in registers of 16
// bytes.
#define AVX512 __attribute__((target("avx512f,avx512vl")))
#define AVX512_SHA256 __attribute__((target("avx512f,avx512vl,sse4.1,sha")))

// A word of a block, at any address.
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
// Two sums in place of one, each with a word from memory that the instruction itself repeats: a sum made in a general
// register takes longer to come over than both.
#define STEP(f, a, b, c, d, i, constant, rotation)                                \
    md5.a = _mm_add_epi32(md5.a, _mm_set1_epi32((int)words[i]));                  \
    __asm__("" : "+v"(md5.a));                                                    \
    md5.a = _mm_add_epi32(md5.a, _mm_set1_epi32((int)constant##u));               \
    __asm__("" : "+v"(md5.a));                                                    \
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

// SHA-256's instructions exist in the legacy encoding alone, all others here in the one of AVX. While the upper half of
// any vector register is in use, going from one encoding to the other takes so long that all this becomes a hundred
// times slower. So nothing here may be wider than 16 bytes, not even what a compiler makes of a memcpy: the tests look
// at it.
AVX512_SHA256 static void update_avx512_sha256(struct checksums *state, const uint8_t *bytes, size_t count) {
    _mm256_zeroupper();
    struct md5 md5 = load_md5(state);
    struct sha256 sha256 = load_sha256(state);
    for (; count > 0; count--, bytes += 64) {
        const word *words = (const word *)bytes;
        const struct md5 before = md5;
        const struct sha256 before_sha256 = sha256;
        __m128i w[4], wk;
        load_schedule(w, bytes);
        MD5_STEPS(STEP, SHA256_ROUNDS)
        md5 = sum(md5, before);
        sha256 = sum_sha256(sha256, before_sha256);
    }
    store_md5(state, md5);
    store_sha256(state, sha256);
}

static int has_avx512(void) { return __builtin_cpu_supports("avx512vl") != 0; }
static int has_avx512_sha256(void) { return has_avx512() && has_sha256(); }

const struct checksums_candidate checksums_avx512 = {"AVX-512, two streams", 2, 0, has_avx512, update_avx512};
const struct checksums_candidate checksums_avx512_sha256 = {
    "AVX-512, two streams, and SHA-256", 2, 1, has_avx512_sha256, update_avx512_sha256};

#endif
