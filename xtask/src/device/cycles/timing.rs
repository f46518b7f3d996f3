//! What instructions take on a Cortex-M4F, by Arm's table: Cortex-M4 Technical Reference Manual
//! (100166), 3.3 and 7.2.3, for memory without wait states.
//!
//! - A single load takes two cycles, and one where the instruction before is a single load of whose
//!   result its address is not made; a store of a float likewise. A store of the core with an
//!   immediate offset takes one. Several words take one cycle more than there are.
//! - Sums, products and comparisons take one, a float's division or root 14.
//! - A branch that is taken takes one, and as many as it takes to refill the pipeline.
//! - The manual has a range, or leaves open, how long that refill, a division of integers, an `IT`,
//!   and a sum of products of floats take: these are where the bounds differ.
//! - A float that the next instruction reads costs a cycle more, but for the sum that it adds to;
//!   so does an address of what the instruction before has computed.

use super::blocks::Executed;
use super::instruction::{Kind, Registers};

/// What the manual leaves open.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Cycles of a product of floats that is added.
    float_multiply_add: u32,
    /// Cycles to refill the pipeline after a branch that is taken: 1 to 3.
    refill: u32,
    /// Cycles of a division of integers: 2 to 12.
    integer_division: u32,
    /// Cycles of an `IT`, which may be folded into the instruction before.
    if_then: u32,
}

/// The lower bound, the middle, and the upper bound.
pub const TIMINGS: [Timing; 3] = [
    Timing { float_multiply_add: 2, refill: 1, integer_division: 2, if_then: 0 },
    Timing { float_multiply_add: 3, refill: 2, integer_division: 7, if_then: 1 },
    Timing { float_multiply_add: 3, refill: 3, integer_division: 12, if_then: 1 },
];

/// A core that executes one instruction after the other.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    timing: Timing,
    before: Before,
}

/// What the instruction before leaves to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    /// It was a single load.
    loads: bool,
    /// What it loaded.
    loaded: Registers,
    /// What the core has computed.
    computed: Registers,
    /// What the floating-point unit has computed.
    float: Registers,
}

impl Machine {
    pub fn new(timing: Timing) -> Self {
        Self { timing, before: Before::default() }
    }

    /// The cycles of the next instruction.
    pub fn execute(&mut self, Executed { instruction, jumps }: Executed) -> u32 {
        let Timing { float_multiply_add, refill, integer_division, if_then } = self.timing;
        let before = std::mem::take(&mut self.before);
        let refill = if jumps { refill } else { 0 };
        let own = match instruction.kind {
            Kind::Integer | Kind::Float => 1,
            Kind::IntegerDivision => integer_division,
            Kind::IfThen => if_then,
            Kind::Load | Kind::Store { buffered: false } => 2,
            Kind::Store { buffered: true } => 1,
            Kind::LoadWords(words) | Kind::StoreWords(words) => 1 + words,
            Kind::FloatMultiplyAdd => float_multiply_add,
            Kind::FloatDivision => 14,
            Kind::FloatMove(floats) => floats,
            Kind::Branch => 1 + refill,
            Kind::TableBranch => 2 + refill,
            Kind::LoadBranch(words) => 1 + words + refill,
        };
        let single = matches!(instruction.kind, Kind::Load | Kind::Store { .. });
        let overlaps = single && own == 2 && before.loads && !before.loaded.meets(instruction.base);
        let float_waits = before.float.meets(instruction.reads);
        let address_waits = before.computed.meets(instruction.base);
        self.before = match instruction.kind {
            Kind::Load => Before { loads: true, loaded: instruction.writes, ..Before::default() },
            Kind::Integer | Kind::IntegerDivision => {
                Before { computed: instruction.writes, ..Before::default() }
            }
            Kind::Float | Kind::FloatMultiplyAdd | Kind::FloatDivision => {
                Before { float: instruction.writes, ..Before::default() }
            }
            _ => Before::default(),
        };
        own - u32::from(overlaps) + u32::from(float_waits) + u32::from(address_waits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::instruction::parse_line;
    use super::*;

    /// The cycles of a row of instructions of which none is a branch that is taken.
    fn cycles(code: &[&str]) -> [u32; 3] {
        TIMINGS.map(|timing| {
            let mut machine = Machine::new(timing);
            let each = code.iter().map(|text| {
                let line = format!("10: 0000 \t{}", text.replacen(' ', "\t", 1));
                let instruction = parse_line(&line).unwrap().unwrap();
                machine.execute(Executed { instruction: &instruction, jumps: false })
            });
            each.sum()
        })
    }

    #[test]
    fn single_loads_overlap_unless_one_is_of_the_others_address() {
        assert_eq!(cycles(&["ldr r0, [r4]", "ldr r1, [r4, #4]", "vstr s0, [r4]"]), [4; 3]);
        assert_eq!(cycles(&["ldr r0, [r4]", "ldr r1, [r0]"]), [4; 3]);
    }

    #[test]
    fn several_words_take_one_cycle_more_than_there_are() {
        assert_eq!(cycles(&["vldmia r0!, {s0, s1, s2, s3}", "vstr s0, [r1]"]), [7; 3]);
    }

    #[test]
    fn a_float_that_is_read_at_once_costs_a_cycle_but_not_as_a_sum() {
        assert_eq!(cycles(&["vmul.f32 s0, s1, s2", "vadd.f32 s3, s3, s0"]), [3; 3]);
        assert_eq!(cycles(&["vmul.f32 s0, s1, s2", "vadd.f32 s3, s3, s4"]), [2; 3]);
        assert_eq!(cycles(&["vmul.f32 s0, s1, s2", "vmla.f32 s0, s3, s4"]), [3, 4, 4]);
        assert_eq!(cycles(&["vmul.f32 s0, s1, s2", "vstr s0, [r1]"]), [4; 3]);
    }

    #[test]
    fn bounds_differ_where_the_manual_has_a_range() {
        assert_eq!(cycles(&["udiv r0, r1, r2"]), [2, 7, 12]);
        assert_eq!(cycles(&["it lt"]), [0, 1, 1]);
        let branch = parse_line("10: e7fe \tb\t0x10").unwrap().unwrap();
        let taken = Executed { instruction: &branch, jumps: true };
        assert_eq!(TIMINGS.map(|timing| Machine::new(timing).execute(taken)), [2, 3, 4]);
    }
}
