#include "guarded.h"
#include "check.h"
#include "numbers.h"
#include <stdlib.h>
#include <string.h>

enum { CANARY = 64, SONG = 0xc5 };

void *guarded_new(guarded *memory, size_t length) {
    memory->length = length;
    memory->between_canaries = once_in(2);
    size_t around = memory->between_canaries ? CANARY : 0;
    /* A length of 0 would be allowed to give a null pointer. */
    memory->whole = malloc(length + 2 * around + (length + around == 0));
    EXPECT(memory->whole != NULL);
    memset(memory->whole, SONG, around);
    memset(memory->whole + around + length, SONG, around);
    return memory->whole + around;
}

void guarded_check(const guarded *memory) {
    if (!memory->whole || !memory->between_canaries)
        return;
    for (size_t i = 0; i < CANARY; i++) {
        EXPECT(memory->whole[i] == SONG);
        EXPECT(memory->whole[CANARY + memory->length + i] == SONG);
    }
}

void guarded_free(guarded *memory) {
    guarded_check(memory);
    free(memory->whole);
    memory->whole = NULL;
}
