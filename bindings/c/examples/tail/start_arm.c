/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * How a Cortex-M starts, is reset, and speaks to the emulator. */

#include "board.h"
#include "emulated.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

uintptr_t semihosting(uintptr_t operation, uintptr_t argument) {
    register uintptr_t r0 __asm("r0") = operation;
    register uintptr_t r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_reset(void) {
    REGISTER(0xe000ed0c) = 0x05fa0004;
    for (;;) {
    }
}

void reset(void);

void reset(void) {
    REGISTER(0xe000ed88) |= 0xf << 20; /* the floating-point unit, where there is one, is off */
    __asm volatile("dsb\n isb" ::: "memory");
    board_start();
}

static void fault(void) {
    board_fail("a fault, or an interrupt without a handler");
}

static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors __attribute__((section(".vectors"), used)) = {
    stack_start,
    {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, fault},
};
