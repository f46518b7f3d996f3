# SPDX-License-Identifier: MIT OR Apache-2.0

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_C_FLAGS_INIT "-march=rv32imac -mabi=ilp32")
# A program for the board does not link without its script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
