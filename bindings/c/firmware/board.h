/* What the firmware needs of QEMU's mps2-an386. */

#ifndef BOARD_H
#define BOARD_H

/* Its log and its end, of crates/cli/src/new/templates/c/src: every project has them. */
#include "semihosting.h"

/* Instructions executed since the start; a difference of two values is right, whatever wrapped. */
uint32_t instructions(void);

/* Static data, and the stack used so far, in bytes. */
uint32_t static_bytes(void);
uint32_t stack_bytes(void);

#endif
