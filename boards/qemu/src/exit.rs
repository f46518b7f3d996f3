//! The end of a run, by the exit code of QEMU.

use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS, ExitStatus};

/// Ends the run; QEMU exits with code 0.
pub fn success() -> ! {
    end(EXIT_SUCCESS)
}

/// Ends the run; QEMU exits with code 1.
pub fn failure() -> ! {
    end(EXIT_FAILURE)
}

fn end(status: ExitStatus) -> ! {
    debug::exit(status);
    // This is reached only when the host lets the run go on. A fault ends the run, where a loop
    // would hang.
    cortex_m::asm::udf()
}
