#include "candidates.h"

static const struct checksums_candidate *const candidates[] = {
    &checksums_scalar_one,
    &checksums_scalar_two,
#ifdef __x86_64__
    &checksums_scalar_sha256,
    &checksums_avx512,
    &checksums_avx512_sha256,
#endif
};

const struct checksums_candidate *checksums_candidate(size_t number) {
    return number < sizeof candidates / sizeof *candidates ? candidates[number] : NULL;
}
