/* What the firmware needs of QEMU's mps2-an386. */

#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Prints on the emulator's output: %s, %u (uint32_t), %f (not negative, six decimals). */
void print(const char *format, ...);

/* Ends the emulator with this exit code, 0 or 1. */
void finish(int code) __attribute__((noreturn));

/* Instructions executed since the start; a difference of two values is right, whatever wrapped. */
uint32_t instructions(void);

/* Static data, and the stack used so far, in bytes. */
uint32_t static_bytes(void);
uint32_t stack_bytes(void);

#endif
