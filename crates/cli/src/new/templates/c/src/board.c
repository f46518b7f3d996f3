#include "board.h"
#include "semihosting.h"

enum { ERASED = 0xff };

static const char path[] = FOLDER "/flash.bin";

/* The file of the flash, which is made where it is not there yet, from an offset on. */
static int32_t file_at(uint32_t offset) {
    static int32_t file;
    if (!file) {
        file = host_open(path, HOST_UPDATE);
        if (file < 0)
            file = host_open(path, HOST_CREATE);
        if (file < 0)
            fail("cannot open flash.bin");
    }
    return host_seek(file, offset) ? file : -1;
}

static int32_t read(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    (void)context;
    int32_t file = file_at(offset);
    if (file < 0)
        return -1;
    /* The file ends where nothing was written yet. */
    for (size_t i = host_read(file, bytes, length); i < length; i++)
        bytes[i] = ERASED;
    return 0;
}

static int32_t write(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    (void)context;
    int32_t file = file_at(offset);
    return file >= 0 && host_write(file, bytes, length) ? 0 : -1;
}

static int32_t erase(void *context, uint32_t from, uint32_t to) {
    uint8_t erased[256];
    for (size_t i = 0; i < sizeof erased; i++)
        erased[i] = ERASED;
    for (uint32_t offset = from; offset < to; offset += sizeof erased)
        if (write(context, offset, erased, sizeof erased))
            return -1;
    return 0;
}

/* Like that of a microcontroller: written in words, erased in blocks. */
const rb_flash flash = {0, read, write, erase, 1, 4, {{erase_bytes}}, 0, {{checkpoint_kib}} * 1024};
