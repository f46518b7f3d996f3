/* CRC-32 as of zip and Ethernet, bit by bit. */

#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t length);

/* Of what was before, whose CRC-32 is given, and the data after it. */
uint32_t crc32_continued(uint32_t before, const void *data, size_t length);

#endif
