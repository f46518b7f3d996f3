# SPDX-License-Identifier: MIT OR Apache-2.0
"""Links the library of the board's core and float ABI."""

import os
import subprocess
import tempfile

Import("env")  # noqa: F821, PlatformIO's


def macros():
    """What the compiler defines with the board's flags."""
    with tempfile.NamedTemporaryFile("w", suffix=".c", delete=False) as empty:
        pass
    command = env.subst("$CC $CCFLAGS $CFLAGS -dM -E").split() + [empty.name]  # noqa: F821
    try:
        listed = subprocess.run(
            command, env=env["ENV"], capture_output=True, text=True, check=True  # noqa: F821
        ).stdout
    finally:
        os.unlink(empty.name)
    words = [line.split(maxsplit=2)[1:] for line in listed.splitlines()]
    return {word[0]: (word[1] if len(word) > 1 else "") for word in words}


def core(defined):
    """The name of the folder below lib, or None."""
    hard = "__ARM_PCS_VFP" in defined
    if "__ARM_ARCH_6M__" in defined:
        return "cortex-m0"
    if "__ARM_ARCH_7M__" in defined:
        return "cortex-m3"
    if "__ARM_ARCH_7EM__" in defined:
        if hard:
            doubles = int(defined["__ARM_FP"], 0) & 8
            return "cortex-m7-hard" if doubles else "cortex-m4-hard"
        return "cortex-m4-softfp" if "__ARM_FP" in defined else "cortex-m3"
    if hard and "__ARM_FEATURE_MVE" in defined:
        return "cortex-m55-hard"
    if hard and "__ARM_ARCH_8M_MAIN__" in defined:
        return "cortex-m33-hard"
    if defined.get("__riscv_xlen") == "32" and "__riscv_compressed" in defined:
        if "__riscv_float_abi_single" in defined:
            return "riscv32imafc"
        return "riscv32imac" if "__riscv_atomic" in defined else "riscv32imc"
    if "__linux__" in defined:
        for name in ("x86_64", "aarch64"):
            if f"__{name}__" in defined:
                return f"{name}-linux"
    return None


chosen = core(macros())
if chosen is None:
    env.Exit("rolling_ball has no library for this board's core and float ABI")  # noqa: F821
here = env.Dir(".").srcnode().abspath  # noqa: F821
env.Append(  # noqa: F821
    LIBPATH=[os.path.join(here, "lib", chosen)],
    LIBS=["rolling_ball"],
    LINKFLAGS=["-Wl,--gc-sections"],
)
