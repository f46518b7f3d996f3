/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the emulated boards have in common with how their cores start. */

#ifndef EMULATED_H
#define EMULATED_H

#include <stdint.h>

/* From the linker script. */
extern uint32_t data_start[], data_end[], data_source[], bss_start[], bss_end[], stack_start[];

int main(void);

/* Makes RAM what C expects, and runs main. */
void board_start(void);

/* Asks the emulator for something. */
uintptr_t semihosting(uintptr_t operation, uintptr_t argument);

#endif
