#include "numbers.h"
#include <float.h>
#include <math.h>
#include <string.h>

static uint64_t state;

void seed(uint32_t seed) {
    state = seed;
}

/* SplitMix64. */
uint32_t any(void) {
    uint64_t mixed = state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(mixed >> 32);
}

uint32_t below(uint32_t end) {
    return any() % end;
}

int once_in(uint32_t times) {
    return below(times) == 0;
}

float usual(void) {
    return (float)(any() >> 8) / 8388608.0f - 1.0f;
}

float hostile(void) {
    static const float values[] = {NAN,     -NAN,     INFINITY, -INFINITY, 0.0f,   -0.0f,
                                   FLT_MAX, -FLT_MAX, FLT_MIN,  1e-45f,    -1.0f,  1.0f,
                                   1e20f,   -1e20f,   1e-20f,   3e18f,     1e30f,  0.999f};
    uint32_t bits = any(), chosen = below(sizeof values / sizeof *values + 2);
    float value;
    if (chosen < sizeof values / sizeof *values)
        return values[chosen];
    memcpy(&value, &bits, sizeof value);
    return value;
}

float number(uint32_t times) {
    return once_in(times) ? hostile() : usual();
}

void fill(float *values, size_t length, uint32_t times) {
    for (size_t i = 0; i < length; i++)
        values[i] = number(times);
}

int all_finite(const float *values, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!isfinite(values[i]))
            return 0;
    return 1;
}
