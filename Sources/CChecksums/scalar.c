#include "candidates.h"
#include "md5_scalar.h"

#define NOTHING(n)

static int runs_here(void) { return 1; }

static void update_one(struct checksums *state, const uint8_t *bytes, size_t count) {
    uint32_t(*const md5)[2] = state->md5;
    uint32_t a = md5[0][0], b = md5[1][0], c = md5[2][0], d = md5[3][0];
    for (; count > 0; count--, bytes += 64) {
        const uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
        MD5_STEPS(ONE_STREAM, NOTHING)
        a += a0, b += b0, c += c0, d += d0;
    }
    md5[0][0] = a, md5[1][0] = b, md5[2][0] = c, md5[3][0] = d;
}

static void update_two(struct checksums *state, const uint8_t *bytes, size_t count) {
    for (; count > 0; count--, bytes += 64) {
        UPDATE_TWO_STREAMS(state->md5, NOTHING)
    }
}

const struct checksums_candidate checksums_scalar_one = {"scalar", 1, 0, runs_here, update_one};
const struct checksums_candidate checksums_scalar_two = {"scalar, two streams", 2, 0, runs_here, update_two};
