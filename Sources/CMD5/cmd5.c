#include "cmd5.h"

#include <string.h>

#include "steps.h"

// The words of a block, which are little-endian.
static inline void load(uint32_t words[16], const uint8_t *bytes) {
    memcpy(words, bytes, 64);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < 16; i++) words[i] = __builtin_bswap32(words[i]);
#endif
}

#define F(b, c, d) (d ^ (b & (c ^ d)))
// A sum in place of the union of its terms: the first one does not wait for b.
#define G(b, c, d) ((c & ~d) + (b & d))
#define H(b, c, d) (b ^ c ^ d)
#define I(b, c, d) (c ^ (b | ~d))
#define TURN(f, a, b, c, d, sum, rotation) \
    a += f(b, c, d) + (sum);               \
    a = ((a << (rotation)) | (a >> (32 - (rotation)))) + b;
#define STEP(f, a, b, c, d, word, constant, rotation) \
    sum = words[word] + constant##u;                  \
    TURN(f, a, b, c, d, sum, rotation)                \
    TURN(f, a##2, b##2, c##2, d##2, sum, rotation)

void cmd5_update_plain(struct cmd5_pair *pair, const uint8_t *bytes, size_t count) {
    uint32_t(*const state)[2] = pair->words;
    for (; count > 0; count--, bytes += 64) {
        uint32_t words[16], sum;
        uint32_t a = state[0][0], b = state[1][0], c = state[2][0], d = state[3][0];
        uint32_t a2 = state[0][1], b2 = state[1][1], c2 = state[2][1], d2 = state[3][1];
        load(words, bytes);
        CMD5_STEPS
        state[0][0] += a, state[1][0] += b, state[2][0] += c, state[3][0] += d;
        state[0][1] += a2, state[1][1] += b2, state[2][1] += c2, state[3][1] += d2;
    }
}

#undef STEP
#undef F
#undef G
#undef H
#undef I

#ifdef __x86_64__

#include <immintrin.h>

// The functions as tables over the bits of b, c and d: VPTERNLOG.
#define F 0xca
#define G 0xe4
#define H 0x96
#define I 0x39
#define STEP(f, a, b, c, d, word, constant, rotation)                        \
    a = _mm_add_epi32(a, _mm_set1_epi32((int)(words[word] + constant##u)));  \
    a = _mm_add_epi32(a, _mm_ternarylogic_epi32(b, c, d, f));                \
    a = _mm_add_epi32(_mm_rol_epi32(a, rotation), b);

// AVX-512 rotates in one instruction, and so does it with each of the functions.
__attribute__((target("avx512f,avx512vl"))) static void update_avx512(
    struct cmd5_pair *pair, const uint8_t *bytes, size_t count) {
    __m128i a = _mm_loadl_epi64((const __m128i *)pair->words[0]);
    __m128i b = _mm_loadl_epi64((const __m128i *)pair->words[1]);
    __m128i c = _mm_loadl_epi64((const __m128i *)pair->words[2]);
    __m128i d = _mm_loadl_epi64((const __m128i *)pair->words[3]);
    for (; count > 0; count--, bytes += 64) {
        const __m128i before[4] = {a, b, c, d};
        uint32_t words[16];
        load(words, bytes);
        CMD5_STEPS
        a = _mm_add_epi32(a, before[0]);
        b = _mm_add_epi32(b, before[1]);
        c = _mm_add_epi32(c, before[2]);
        d = _mm_add_epi32(d, before[3]);
    }
    _mm_storel_epi64((__m128i *)pair->words[0], a);
    _mm_storel_epi64((__m128i *)pair->words[1], b);
    _mm_storel_epi64((__m128i *)pair->words[2], c);
    _mm_storel_epi64((__m128i *)pair->words[3], d);
}

int cmd5_is_fast(void) { return __builtin_cpu_supports("avx512vl") != 0; }

void cmd5_update(struct cmd5_pair *pair, const uint8_t *bytes, size_t count) {
    if (cmd5_is_fast()) {
        update_avx512(pair, bytes, count);
    } else {
        cmd5_update_plain(pair, bytes, count);
    }
}

#else

int cmd5_is_fast(void) { return 0; }

void cmd5_update(struct cmd5_pair *pair, const uint8_t *bytes, size_t count) {
    cmd5_update_plain(pair, bytes, count);
}

#endif
