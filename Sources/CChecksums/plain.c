#include <string.h>

#include "checksums.h"
#include "md5_steps.h"

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
#define NOTHING(n)

void checksums_update_plain(struct checksums *state, const uint8_t *bytes, size_t count) {
    uint32_t(*const md5)[2] = state->md5;
    for (; count > 0; count--, bytes += 64) {
        uint32_t words[16], sum;
        uint32_t a = md5[0][0], b = md5[1][0], c = md5[2][0], d = md5[3][0];
        uint32_t a2 = md5[0][1], b2 = md5[1][1], c2 = md5[2][1], d2 = md5[3][1];
        load(words, bytes);
        MD5_STEPS(STEP, NOTHING)
        md5[0][0] += a, md5[1][0] += b, md5[2][0] += c, md5[3][0] += d;
        md5[0][1] += a2, md5[1][1] += b2, md5[2][1] += c2, md5[3][1] += d2;
    }
}
