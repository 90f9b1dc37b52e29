#include "candidates.h"

#ifdef __x86_64__

#include "md5_scalar.h"
#include "sha256.h"

__attribute__((target("avx"))) static void clear_upper_halves(void) { _mm256_zeroupper(); }

// Nothing here is in the encoding of AVX: see update_avx512_sha256().
SHA256 static void update_scalar_sha256(struct checksums *state, const uint8_t *bytes, size_t count) {
    if (__builtin_cpu_supports("avx")) clear_upper_halves();
    struct sha256 sha256 = load_sha256(state);
    for (; count > 0; count--, bytes += 64) {
        const struct sha256 before = sha256;
        __m128i w[4], wk;
        load_schedule(w, bytes);
        UPDATE_TWO_STREAMS(state->md5, SHA256_ROUNDS)
        sha256 = sum_sha256(sha256, before);
    }
    store_sha256(state, sha256);
}

const struct checksums_candidate checksums_scalar_sha256 = {
    "scalar, two streams, and SHA-256", 2, 1, has_sha256, update_scalar_sha256};

#endif
