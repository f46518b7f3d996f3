//! The runtime of the firmware for the boards that QEMU models, from Cortex-M0 to Cortex-M55.
//!
//! It gives a firmware binary its panic and fault handlers, printed lines, an exit code, the number
//! of executed instructions, the use of its memory, and a guard below its stack. `cortex-m-rt`
//! starts the binary, and turns the floating-point unit on before `main`.
#![no_std]

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
compile_error!("this is firmware: build it with --target, for instance thumbv7em-none-eabihf");

pub mod clips;
pub mod command_line;
pub mod duty;
pub mod exit;
mod fault;
pub mod firmware;
pub mod flash;
pub mod guard;
pub mod host;
pub mod instructions;
pub mod print;
pub mod stack;
pub mod uart;
