/* Random numbers that a seed decides, and numbers that are hard to bear. */

#ifndef NUMBERS_H
#define NUMBERS_H

#include <stddef.h>
#include <stdint.h>

void seed(uint32_t seed);
uint32_t any(void);
/* A number from 0 up to below the end. */
uint32_t below(uint32_t end);
/* Gives 1 once in so many times, else 0. */
int once_in(uint32_t times);
/* A number from -1 to 1. */
float usual(void);
/* NaN, infinities, zeros, subnormal and huge numbers, or any bits at all. */
float hostile(void);
/* A usual number, but a hostile one once in so many times. */
float number(uint32_t times);
/* Fills an array with numbers as `number` gives them. */
void fill(float *values, size_t length, uint32_t times);
int all_finite(const float *values, size_t length);

#endif
