# SPDX-License-Identifier: MIT OR Apache-2.0
#
# rolling_ball_rust_target(CORE TARGET FLAGS) gives the target of Rust for a core, and the flags
# beyond.

function(rolling_ball_rust_target core target flags)
  set(table
    "cortex-m0|thumbv6m-none-eabi|"
    "cortex-m3|thumbv7m-none-eabi|"
    "cortex-m4-hard|thumbv7em-none-eabihf|"
    "cortex-m4-softfp|thumbv7em-none-eabi|-Ctarget-cpu=cortex-m4"
    "cortex-m7-hard|thumbv7em-none-eabihf|-Ctarget-cpu=cortex-m7"
    "cortex-m33-hard|thumbv8m.main-none-eabihf|-Ctarget-cpu=cortex-m33"
    "cortex-m55-hard|thumbv8m.main-none-eabihf|-Ctarget-cpu=cortex-m55"
    "riscv32imc|riscv32imc-unknown-none-elf|"
    "riscv32imac|riscv32imac-unknown-none-elf|"
    "riscv32imafc|riscv32imafc-unknown-none-elf|"
    "x86_64-linux|x86_64-unknown-linux-gnu|"
    "aarch64-linux|aarch64-unknown-linux-gnu|")
  foreach(line IN LISTS table)
    if(line MATCHES "^([^|]*)[|]([^|]*)[|](.*)$" AND CMAKE_MATCH_1 STREQUAL core)
      set(${target} ${CMAKE_MATCH_2} PARENT_SCOPE)
      set(${flags} "${CMAKE_MATCH_3}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()
