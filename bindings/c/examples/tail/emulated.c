/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The board as QEMU emulates it: the log goes through semihosting, and the flash is a part of RAM
 * that outlives a reset and behaves as NOR flash does. What differs between cores is in
 * start_*.c. */

#include "emulated.h"
#include "board.h"

enum { WRITE0 = 0x04, EXIT = 0x18, FLASH_BYTES = 8192, ERASE_BYTES = 2048 };
enum { RUN_TIME_ERROR = 0x20023, APPLICATION_EXIT = 0x20026 };

/* From the linker script, outside of what a start clears. */
extern uint8_t flash_start[];

static int32_t flash_read(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        bytes[i] = flash_start[offset + i];
    return 0;
}

static int32_t flash_write(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        flash_start[offset + i] &= bytes[i]; /* only an erase sets bits */
    return 0;
}

static int32_t flash_erase(void *context, uint32_t from, uint32_t to) {
    (void)context;
    for (uint32_t i = from; i < to; i++)
        flash_start[i] = 0xff;
    return 0;
}

const rb_flash board_flash = {NULL, flash_read, flash_write, flash_erase,
                              1,    8,          ERASE_BYTES, 0,
                              FLASH_BYTES};

void board_print(const char *what, uint32_t number) {
    char digits[12];
    int at = 11;
    digits[at] = 0;
    digits[--at] = '\n';
    do
        digits[--at] = (char)('0' + number % 10);
    while (number /= 10);
    semihosting(WRITE0, (uintptr_t)what);
    semihosting(WRITE0, (uintptr_t)(digits + at));
}

static void end(uint32_t reason) {
    semihosting(EXIT, reason);
    for (;;) {
    }
}

void board_fail(const char *what) {
    semihosting(WRITE0, (uintptr_t)what);
    semihosting(WRITE0, (uintptr_t) "\n");
    end(RUN_TIME_ERROR);
}

void board_start(void) {
    for (uint32_t *from = data_source, *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *word = bss_start; word < bss_end;)
        *word++ = 0;
    end(main() == 0 ? APPLICATION_EXIT : RUN_TIME_ERROR);
}
