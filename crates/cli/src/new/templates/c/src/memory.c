/* What the compiler calls where it copies and clears: the project is built without a libc. In one
 * that has a libc, delete this file. */

#include <stddef.h>
#include <stdint.h>

/* Or the loops below would become calls of themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

void *memcpy(void *to, const void *from, size_t length) {
    unsigned char *next = to;
    const unsigned char *last = from;
    if (!(((uintptr_t)next | (uintptr_t)last) & 3))
        for (; length >= 4; length -= 4, next += 4, last += 4)
            *(uint32_t *)(void *)next = *(const uint32_t *)(const void *)last;
    for (; length > 0; length--)
        *next++ = *last++;
    return to;
}

void *memset(void *to, int value, size_t length) {
    unsigned char *next = to;
    uint32_t word = (unsigned char)value * 0x01010101u;
    if (!((uintptr_t)next & 3))
        for (; length >= 4; length -= 4, next += 4)
            *(uint32_t *)(void *)next = word;
    for (; length > 0; length--)
        *next++ = (unsigned char)value;
    return to;
}

void *memmove(void *to, const void *from, size_t length) {
    unsigned char *next = to;
    const unsigned char *last = from;
    if (next <= last)
        return memcpy(to, from, length);
    while (length > 0) {
        length--;
        next[length] = last[length];
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t length) {
    const unsigned char *one = left, *other = right;
    for (size_t i = 0; i < length; i++)
        if (one[i] != other[i])
            return one[i] < other[i] ? -1 : 1;
    return 0;
}
