/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * How a RISC-V of QEMU's board virt starts, is reset, and speaks to the emulator. */

#include "board.h"
#include "emulated.h"
#include <stddef.h>

/* The board's register for ends and resets. */
#define FINISHER (*(volatile uint32_t *)0x100000)

__attribute__((naked, section(".vectors"), used)) void reset(void) {
    __asm volatile("la sp, stack_start\n"
#if defined(__riscv_flen)
                   "li t0, 0x2000\n" /* the floating-point unit is off */
                   "csrs mstatus, t0\n"
#endif
                   "j board_start");
}

__attribute__((noinline)) uintptr_t semihosting(uintptr_t operation, uintptr_t argument) {
    register uintptr_t a0 __asm("a0") = operation;
    register uintptr_t a1 __asm("a1") = argument;
    /* The three are known by their neighbours, and none of them is a short one. */
    __asm volatile(".balign 16\n"
                   ".option push\n"
                   ".option norvc\n"
                   "slli x0, x0, 0x1f\n"
                   "ebreak\n"
                   "srai x0, x0, 7\n"
                   ".option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return a0;
}

void board_reset(void) {
    FINISHER = 0x7777;
    for (;;) {
    }
}

/* The compiler calls them, and this toolchain comes without a libc. */
void *memcpy(void *to, const void *from, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((volatile unsigned char *)to)[i] = (unsigned char)value;
    return to;
}
