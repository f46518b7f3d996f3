/* Memory that tells when its surroundings are written. */

#ifndef GUARDED_H
#define GUARDED_H

#include <stddef.h>

/* Some of it lies between canaries, which see what a store overruns by far. The rest is no longer
 * than it says, so that a sanitizer and valgrind see every byte too many, read or written. */
typedef struct guarded {
    unsigned char *whole;
    size_t length;
    int between_canaries;
} guarded;

/* Memory of this many bytes, aligned for everything, whose content is not defined. */
void *guarded_new(guarded *memory, size_t length);
void guarded_check(const guarded *memory);
void guarded_free(guarded *memory);

#endif
