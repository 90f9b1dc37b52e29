// What each file has to offer.
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "checksums.h"

extern const struct checksums_candidate checksums_scalar_one, checksums_scalar_two;
#ifdef __x86_64__
extern const struct checksums_candidate checksums_scalar_sha256, checksums_avx512, checksums_avx512_sha256;
#endif

#endif
