/* The emulated board: its flash is a file on the host, so that it outlives the emulator. */

#ifndef BOARD_H
#define BOARD_H

#include "rolling_ball.h"

/* The part of the flash where checkpoints lie. */
extern const rb_flash flash;

#endif
