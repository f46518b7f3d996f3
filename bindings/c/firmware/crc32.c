#include "crc32.h"

uint32_t crc32(const void *data, size_t length) {
    return crc32_continued(0, data, length);
}

uint32_t crc32_continued(uint32_t before, const void *data, size_t length) {
    const uint8_t *bytes = data;
    uint32_t crc = ~before;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}
