
/// There is nothing more to do.
pub fn end() -> ! {
    loop {
        asm::wfi();
    }
}

/// Says what was wrong, and stops.
pub fn fail(failure: &dyn fmt::Display) -> ! {
    defmt::panic!("{}", defmt::Display2Format(failure))
}
