// MD5 (RFC 1321) of two streams at the same time: blocks that both of them take in.
//
// Each step of MD5 waits for the one before it, so that a processor has room for a second, independent chain of steps:
// both together take little longer than one of them.
#ifndef CMD5_H
#define CMD5_H

#include <stddef.h>
#include <stdint.h>

// The words A, B, C and D of either stream.
struct cmd5_pair {
    uint32_t words[4][2];
};

// Takes in `count` blocks of 64 bytes, with the instructions that suit this processor best.
void cmd5_update(struct cmd5_pair *pair, const uint8_t *bytes, size_t count);

// The same with the plain instructions that every processor has.
void cmd5_update_plain(struct cmd5_pair *pair, const uint8_t *bytes, size_t count);

// Whether cmd5_update() has better than plain instructions: it is faster then with two streams than others with one.
int cmd5_is_fast(void);

#endif
