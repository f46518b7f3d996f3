/* How the core starts: its vectors, and what C needs before main. */

#include "semihosting.h"

#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xe000ed88)

int main(void);
void reset(void);

/* From board.ld. */
extern uint32_t data_start[], data_end[], data_source[], bss_start[], bss_end[], stack_start[];

void reset(void) {
    COPROCESSOR_ACCESS |= 0xf << 20; /* the floating-point unit is off at reset */
    __asm volatile("dsb\n isb" ::: "memory");
    for (uint32_t *from = data_source, *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *word = bss_start; word < bss_end;)
        *word++ = 0;
    finish(main());
}

static void fault(void) {
    fail("a fault, or an interrupt without a handler");
}

static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors __attribute__((section(".vectors"), used)) = {
    stack_start,
    {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, fault},
};
