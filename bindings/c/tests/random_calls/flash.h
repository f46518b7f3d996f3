/* A flash in RAM, whose driver expects to be called as the header says, and which may fail. */

#ifndef FLASH_H
#define FLASH_H

#include "guarded.h"
#include "rolling_ball.h"

typedef struct flash {
    guarded memory;
    uint8_t *bytes;
    rb_flash driver;
    /* One of the next calls fails; 0 where none does. */
    uint32_t until_failure;
    /* Whether one has in this call, and since the flash was well. */
    int failed, is_ill;
} flash;

/* A range with room for two checkpoints of so many bytes. What erased flash holds is not defined,
 * but the driver's bytes are. */
void flash_start(flash *flash, uint32_t checkpoint_bytes);
void flash_check(const flash *flash);
void flash_end(flash *flash);

/* The driver for a call, and once in a while one that must be refused. Once in so many times the
 * flash fails in this call, unless it has failed since the last flash_is_well; flash->failed then
 * says whether it came to that. */
const rb_flash *flash_for_a_call(flash *flash, rb_flash *spoiled, uint32_t fails_once_in,
                                 uint32_t *wrong);
/* Something was saved while nothing failed. */
void flash_is_well(flash *flash);

#endif
