#include "flash.h"
#include "check.h"
#include "numbers.h"
#include <string.h>

enum { ERASED = 0xff };

/* Whether the call fails that the driver is in. */
static int fails(flash *flash) {
    if (flash->until_failure == 0 || --flash->until_failure > 0)
        return 0;
    flash->failed = flash->is_ill = 1;
    return 1;
}

static void expect_inside(const flash *flash, uint32_t from, size_t length, uint32_t unit) {
    const rb_flash *driver = &flash->driver;
    EXPECT(from % unit == 0 && length % unit == 0 && length > 0);
    EXPECT(from >= driver->start && from <= driver->end && length <= driver->end - from);
}

static uint8_t *at(const flash *flash, uint32_t offset) {
    return flash->bytes + (offset - flash->driver.start);
}

static int32_t read_bytes(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    flash *flash = context;
    expect_inside(flash, offset, length, flash->driver.read_size);
    if (fails(flash)) {
        memset(bytes, (int)below(256), length / 2);
        return -1;
    }
    memcpy(bytes, at(flash, offset), length);
    return 0;
}

static int32_t write_bytes(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    flash *flash = context;
    expect_inside(flash, offset, length, flash->driver.write_size);
    for (size_t i = 0; i < length; i++)
        EXPECT(at(flash, offset)[i] == ERASED);
    if (!fails(flash)) {
        memcpy(at(flash, offset), bytes, length);
        return 0;
    }
    /* The power fails in the middle, or the flash is worn out and does not notice. */
    memcpy(at(flash, offset), bytes, length / 2);
    return once_in(2) ? -1 : 0;
}

static int32_t erase_bytes(void *context, uint32_t from, uint32_t to) {
    flash *flash = context;
    EXPECT(from < to);
    expect_inside(flash, from, to - from, flash->driver.erase_size);
    if (fails(flash)) {
        memset(at(flash, from), ERASED, (to - from) / 2);
        return 1;
    }
    memset(at(flash, from), ERASED, to - from);
    return 0;
}

void flash_start(flash *flash, uint32_t checkpoint_bytes) {
    static const uint32_t writes[] = {1, 2, 4, 8, 16, 64, 128, 256};
    uint32_t write = writes[below(8)], read = once_in(2) ? 1 : write;
    uint32_t unit = write > 64 ? write : 64, erase = unit * (1 + below(4));
    /* The header, and what each of two parts is filled up by. */
    uint32_t slot = (checkpoint_bytes + 2 * unit + erase - 1) / erase * erase;
    uint32_t start = erase * below(9), bytes = 2 * slot + erase * below(4);
    rb_flash driver = {flash, read_bytes, write_bytes, erase_bytes, read,
                       write, erase,      start,       start + bytes};
    flash->driver = driver;
    flash->bytes = guarded_new(&flash->memory, bytes);
    memset(flash->bytes, once_in(2) ? ERASED : (int)below(256), bytes);
    flash->until_failure = 0;
    flash->failed = flash->is_ill = 0;
}

void flash_check(const flash *flash) {
    guarded_check(&flash->memory);
}

void flash_end(flash *flash) {
    guarded_free(&flash->memory);
}

void flash_is_well(flash *flash) {
    flash->is_ill = 0;
}

const rb_flash *flash_for_a_call(flash *flash, rb_flash *spoiled, uint32_t fails_once_in,
                                 codes *wrong) {
    flash->failed = 0;
    flash->until_failure = !flash->is_ill && once_in(fails_once_in) ? 1 + below(12) : 0;
    *spoiled = flash->driver;
    switch (below(40)) {
    case 0:
        spoiled->read = NULL;
        *wrong |= CODE(NULL);
        break;
    case 1:
        spoiled->write = NULL;
        *wrong |= CODE(NULL);
        break;
    case 2:
        spoiled->erase = NULL;
        *wrong |= CODE(NULL);
        break;
    case 3:
        spoiled->end = once_in(2) ? spoiled->start : spoiled->end + 1;
        *wrong |= CODE(SETTING);
        break;
    case 4:
        *(once_in(2) ? &spoiled->read_size : &spoiled->write_size) = once_in(2) ? 0 : 1024;
        *wrong |= CODE(SETTING);
        break;
    case 5:
        spoiled->erase_size = once_in(2) ? 0 : spoiled->erase_size + 1;
        *wrong |= CODE(SETTING);
        break;
    default:
        return perhaps_wrong(spoiled, 40, wrong);
    }
    return spoiled;
}
