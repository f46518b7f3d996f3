/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The board on Linux: the flash is a file, and a reset runs the program anew. */

#define _POSIX_C_SOURCE 200809L

#include "board.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FLASH_BYTES = 8192, ERASE_BYTES = 2048 };

static const char path[] = "tail.flash";

/* Of `length` bytes from `offset` on, the file's content in a buffer, which is given back. */
static int32_t flash_read(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    (void)context;
    memset(bytes, 0xff, length);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0; /* never written */
    int failed = fseek(file, (long)offset, SEEK_SET) != 0;
    if (!failed && fread(bytes, 1, length, file) < length)
        failed = ferror(file);
    fclose(file);
    return failed;
}

static int32_t flash_write(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    (void)context;
    FILE *file = fopen(path, "r+b");
    if (!file)
        file = fopen(path, "w+b");
    if (!file)
        return 1;
    int failed = fseek(file, (long)offset, SEEK_SET) || fwrite(bytes, 1, length, file) < length;
    return fclose(file) || failed;
}

static int32_t flash_erase(void *context, uint32_t from, uint32_t to) {
    static uint8_t erased[ERASE_BYTES];
    memset(erased, 0xff, sizeof erased);
    for (; from < to; from += ERASE_BYTES)
        if (flash_write(context, from, erased, sizeof erased))
            return 1;
    return 0;
}

const rb_flash board_flash = {NULL, flash_read, flash_write, flash_erase,
                              1,    8,          ERASE_BYTES, 0,
                              FLASH_BYTES};

void board_print(const char *what, uint32_t number) {
    printf("%s%u\n", what, (unsigned)number);
    fflush(stdout);
}

void board_fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

void board_reset(void) {
    execl("/proc/self/exe", "tail", (char *)NULL);
    board_fail("cannot run anew");
}
