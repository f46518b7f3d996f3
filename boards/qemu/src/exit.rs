//! How a run ends: the exit code of QEMU.

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
    // Reached only when the host lets the run go on: a fault ends it, a loop would hang.
    cortex_m::asm::udf()
}
