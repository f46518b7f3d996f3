/* Random numbers that a seed decides, and numbers that are hard to bear. */

#ifndef NUMBERS_H
#define NUMBERS_H

#include <stddef.h>
#include <stdint.h>

void seed(uint32_t seed);
uint32_t any(void);
/* From 0 to one less. */
uint32_t below(uint32_t end);
/* 1 once in so many times. */
int once_in(uint32_t times);
/* From -1 to 1. */
float usual(void);
/* NaN, infinities, zeros, subnormal and huge numbers, or any bits at all. */
float hostile(void);
/* Usual, and hostile once in so many times. */
float number(uint32_t times);
/* Fills with such numbers. */
void fill(float *values, size_t length, uint32_t times);
int all_finite(const float *values, size_t length);

#endif
