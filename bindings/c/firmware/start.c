/* Vector table, start-up, instruction count, and how deep the stack has been. */

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define COPROCESSOR_ACCESS REGISTER(0xe000ed88)
#define SYSTICK_CONTROL REGISTER(0xe000e010)
#define SYSTICK_RELOAD REGISTER(0xe000e014)
#define SYSTICK_VALUE REGISTER(0xe000e018)

enum { PAINT = 0x5a5a5a5a, LARGEST_TICK = 0xffffff };

int main(void);

/* From the linker script. */
extern uint32_t ram_start[], data_start[], data_end[], data_source[], bss_start[], bss_end[],
    stack_start[];

static volatile uint32_t wraps;

void reset(void) {
    COPROCESSOR_ACCESS |= 0xf << 20; /* the floating-point unit is off at reset */
    __asm volatile("dsb\n isb" ::: "memory");
    for (uint32_t *from = data_source, *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *word = bss_start; word < bss_end;)
        *word++ = 0;
    uint32_t *frame = __builtin_frame_address(0);
    for (volatile uint32_t *word = bss_end; word < frame - 16; word++)
        *word = PAINT;
    SYSTICK_RELOAD = LARGEST_TICK;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* core clock, interrupt, on */
    finish(main());
}

static void fault(void) {
    print("a fault, or an interrupt without a handler\n");
    finish(1);
}

static void systick(void) {
    wraps++;
}

static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors __attribute__((section(".vectors"), used)) = {
    stack_start,
    {reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, systick},
};

/* With `-icount shift=6` an instruction takes 64 ns, a tick of the 25 MHz core clock 40 ns. */
uint32_t instructions(void) {
    uint32_t before, value;
    do {
        before = wraps;
        value = SYSTICK_VALUE;
    } while (before != wraps || value == 0);
    uint64_t ticks = (uint64_t)before * (LARGEST_TICK + 1) + (LARGEST_TICK + 1 - value);
    return (uint32_t)(ticks * 5 / 8);
}

uint32_t static_bytes(void) {
    return (uint32_t)((char *)bss_end - (char *)ram_start);
}

uint32_t stack_bytes(void) {
    const volatile uint32_t *word = bss_end;
    while (word < stack_start && *word == PAINT)
        word++;
    return (uint32_t)((char *)stack_start - (const char *)word);
}
