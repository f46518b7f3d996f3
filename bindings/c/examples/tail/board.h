/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What tail.c needs of a board: a log, a flash, and a reset. */

#ifndef BOARD_H
#define BOARD_H

#include "rolling_ball.h"

/* A range of a flash for checkpoints: yours calls the driver of the vendor. */
extern const rb_flash board_flash;

/* Prints a line. */
void board_print(const char *what, uint32_t number);

/* Prints a line and ends with an error. */
void board_fail(const char *what);

/* Begins anew: RAM is forgotten, and the flash is not. */
void board_reset(void);

#endif
