// MD5's steps of one stream or of two in plain instructions, for MD5_STEPS() over a block that begins at `bytes`.
#ifndef MD5_SCALAR_H
#define MD5_SCALAR_H

#include <stdint.h>
#include <string.h>

#include "md5_steps.h"

// A word of a block, which is little-endian.
static inline uint32_t word_of_block(const uint8_t *bytes, int number) {
    uint32_t word;
    memcpy(&word, bytes + 4 * number, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

// A step waits for b, which the one before it has made, so that all that does not need b is added first. Compilers take
// sums for theirs to reorder, and make a step a cycle longer: a fifth in all.
#define IN_ORDER(a) __asm__("" : "+r"(a));
// G's two terms have no bit in common: their sum is their union, and the first one does not wait for b.
#define BEFORE_F(c, d) 0
#define BEFORE_G(c, d) (c & ~d)
#define BEFORE_H(c, d) 0
#define BEFORE_I(c, d) 0
#define WITH_F(b, c, d) (d ^ (b & (c ^ d)))
#define WITH_G(b, c, d) (b & d)
#define WITH_H(b, c, d) (b ^ (c ^ d))
#define WITH_I(b, c, d) (c ^ (b | ~d))
#define TURN(f, a, b, c, d, sum, rotation) \
    a += (sum) + BEFORE_##f(c, d);         \
    IN_ORDER(a)                            \
    a += WITH_##f(b, c, d);                \
    a = (a << (rotation) | a >> (32 - (rotation))) + b;

#define ONE_STREAM(f, a, b, c, d, word, constant, rotation) \
    TURN(f, a, b, c, d, word_of_block(bytes, word) + constant##u, rotation)
#define TWO_STREAMS(f, a, b, c, d, word, constant, rotation) \
    sum = word_of_block(bytes, word) + constant##u;          \
    IN_ORDER(sum)                                            \
    TURN(f, a, b, c, d, sum, rotation)                       \
    TURN(f, a##2, b##2, c##2, d##2, sum, rotation)

// What takes in the blocks of two streams.
#define UPDATE_TWO_STREAMS(md5, BETWEEN)                                                \
    uint32_t sum, a = md5[0][0], b = md5[1][0], c = md5[2][0], d = md5[3][0];           \
    uint32_t a2 = md5[0][1], b2 = md5[1][1], c2 = md5[2][1], d2 = md5[3][1];            \
    MD5_STEPS(TWO_STREAMS, BETWEEN)                                                     \
    md5[0][0] += a, md5[1][0] += b, md5[2][0] += c, md5[3][0] += d;                     \
    md5[0][1] += a2, md5[1][1] += b2, md5[2][1] += c2, md5[3][1] += d2;

#endif
