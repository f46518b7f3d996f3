//! An instruction of a Cortex-M4F, as far as its timing depends on it.

use anyhow::{Context, Result};

/// A set of registers: the core's in the lower bits, the single ones of the floating-point unit
/// from [`FLOATS`] on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers(u64);

const FLOATS: u32 = 16;
const PC: u32 = 15;

impl Registers {
    /// Whether a register is in both.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn len(self) -> u32 {
        self.0.count_ones()
    }

    fn has_pc(self) -> bool {
        self.0 & 1 << PC != 0
    }

    /// All that are named in the text.
    fn named(text: &str) -> Self {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.filter_map(Self::one).fold(Self::default(), Self::and)
    }

    fn one(word: &str) -> Option<Self> {
        let core = match word {
            "sp" => Some(13),
            "lr" => Some(14),
            "pc" => Some(PC),
            _ => None,
        };
        if let Some(number) = core {
            return Some(Self(1 << number));
        }
        let number: u32 = word.get(1..)?.parse().ok()?;
        match word.get(..1)? {
            "r" if number < FLOATS => Some(Self(1 << number)),
            "s" if number < 32 => Some(Self(1 << (FLOATS + number))),
            "d" if number < 16 => Some(Self(3 << (FLOATS + 2 * number))),
            _ => None,
        }
    }
}

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Arithmetic, moves and compares of the core: a cycle.
    Integer,
    /// A division of integers.
    IntegerDivision,
    /// Makes the next instructions conditional.
    IfThen,
    /// Loads one word or less, and can overlap with the load or store after it.
    Load,
    /// Loads so many words, and overlaps with nothing.
    LoadWords(u32),
    /// Stores one word or less; a store of the core at an address with an immediate offset goes
    /// into the write buffer at once.
    Store { buffered: bool },
    /// Stores so many words.
    StoreWords(u32),
    /// A sum, product, comparison or conversion of floats: a cycle.
    Float,
    /// A product of floats that is added to the destination, fused or not.
    FloatMultiplyAdd,
    /// A division or root of floats.
    FloatDivision,
    /// Moves this many floats from a register to another.
    FloatMove(u32),
    /// Goes on elsewhere.
    Branch,
    /// Goes on at an address from a table.
    TableBranch,
    /// Loads so many words, and goes on at one of them.
    LoadBranch(u32),
}

/// An instruction at its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub address: u32,
    pub bytes: u32,
    pub kind: Kind,
    /// What it writes.
    pub writes: Registers,
    /// What it reads beside its address and the sum that it adds to.
    pub reads: Registers,
    /// The registers that its address is computed from.
    pub base: Registers,
    /// Where a branch goes, where that is written in it.
    pub target: Option<u32>,
}

impl Instruction {
    /// Whether the instruction after it may be another than the next in memory.
    pub fn ends_block(&self) -> bool {
        matches!(self.kind, Kind::Branch | Kind::TableBranch | Kind::LoadBranch(_))
    }

    /// The address after it.
    pub fn end(&self) -> u32 {
        self.address.wrapping_add(self.bytes)
    }

    /// Reads what llvm-objdump writes, such as `ldr.w` and `lr, [r7, #0xc]`.
    pub fn parse(address: u32, bytes: u32, mnemonic: &str, operands: &str) -> Result<Self> {
        let name = mnemonic.split('.').next().unwrap_or(mnemonic);
        let (first, rest) = operands.split_once(',').unwrap_or((operands, ""));
        let (first, rest) = (Registers::named(first), Registers::named(rest));
        let list = between(operands, '{', '}').map(Registers::named).unwrap_or_default();
        let memory = between(operands, '[', ']');
        let base = memory.map(Registers::named).unwrap_or_default();
        let writes_back = operands.contains('!') || operands.contains("],");
        let updated = if writes_back { base } else { Registers::default() };
        let mut own = Self {
            address,
            bytes,
            kind: Kind::Integer,
            writes: first,
            reads: rest,
            base,
            target: None,
        };
        let none = Registers::default();
        let words = |registers: Registers| registers.len();
        let pair = || Registers::named(operands.split('[').next().unwrap_or_default());
        let before_list = || operands.split('{').next().unwrap_or_default();
        match name {
            _ if is_any(name, &["vldm", "vpop", "ldm", "pop"]) => {
                own.base = Registers::named(before_list());
                (own.writes, own.reads) = (list, none);
                own.kind = match list.has_pc() {
                    true => Kind::LoadBranch(words(list)),
                    false => Kind::LoadWords(words(list)),
                };
            }
            _ if is_any(name, &["vstm", "vpush", "stm", "push"]) => {
                own.base = Registers::named(before_list());
                (own.writes, own.reads) = (none, list);
                own.kind = Kind::StoreWords(words(list));
            }
            _ if is_any(name, &["ldrd", "vldr", "ldr"]) => {
                let loaded = if memory.is_some() { pair() } else { first };
                (own.writes, own.reads) = (loaded.and(updated), none);
                own.kind = match words(loaded) {
                    _ if loaded.has_pc() => Kind::LoadBranch(1),
                    1 if !writes_back => Kind::Load,
                    count => Kind::LoadWords(count),
                };
            }
            _ if is_any(name, &["strd", "vstr", "str"]) => {
                (own.writes, own.reads) = (updated, pair());
                let buffered = name.starts_with('s') && words(base) <= 1;
                own.kind = match words(own.reads) {
                    1 => Kind::Store { buffered },
                    count => Kind::StoreWords(count),
                };
            }
            "tbb" | "tbh" => (own.kind, own.writes, own.reads) = (Kind::TableBranch, none, base),
            _ if is_branch(name) => {
                own.kind = Kind::Branch;
                (own.writes, own.reads) = (none, first.and(rest));
                let target = operands.rsplit(',').next().unwrap_or_default().trim();
                own.target = hexadecimal(target);
            }
            _ if name.starts_with('v') => own.float(name, operands),
            _ if is_any(name, &["cmp", "cmn", "tst", "teq"]) => {
                (own.writes, own.reads) = (none, first.and(rest));
            }
            _ if is_if_then(name) => {
                (own.kind, own.writes, own.reads) = (Kind::IfThen, none, none);
            }
            _ if is_any(name, &["sdiv", "udiv"]) => own.kind = Kind::IntegerDivision,
            _ if first.has_pc() => own.kind = Kind::Branch,
            _ => {}
        }
        Ok(own)
    }

    fn float(&mut self, name: &str, operands: &str) {
        let is = |names: &[&str]| is_any(name, names);
        self.kind = if is(&["vdiv", "vsqrt"]) {
            Kind::FloatDivision
        } else if is(&["vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"]) {
            Kind::FloatMultiplyAdd
        } else if is(&["vmov", "vmrs", "vmsr"]) {
            Kind::FloatMove(if operands.matches(',').count() > 1 { 2 } else { 1 })
        } else {
            Kind::Float
        };
        if is(&["vcmp"]) {
            self.reads = self.reads.and(self.writes);
            self.writes = Registers::default();
        }
    }
}

/// Whether it is one of these, or one of them with a suffix: a condition, a size, `ia`.
fn is_any(name: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| name.starts_with(stem))
}

const CONDITIONS: [&str; 17] = [
    "", "eq", "ne", "hs", "cs", "lo", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt",
    "le",
];

fn is_branch(name: &str) -> bool {
    let stems = ["b", "bl", "bx", "blx"];
    let conditional = |stem: &str| {
        name.strip_prefix(stem).is_some_and(|condition| CONDITIONS.contains(&condition))
    };
    matches!(name, "cbz" | "cbnz") || stems.into_iter().any(conditional)
}

fn is_if_then(name: &str) -> bool {
    name.strip_prefix("it").is_some_and(|rest| rest.chars().all(|letter| "te".contains(letter)))
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    Some(text.split_once(open)?.1.split_once(close)?.0)
}

/// A number as llvm-objdump writes addresses, such as `0x4f8`.
fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Reads a line of a listing, such as `4f8: f8d7 e00c ldr.w lr, [r7, #0xc]`, with tabs before the
/// name of the instruction and behind it; or nothing where it has no instruction.
pub fn parse_line(line: &str) -> Result<Option<Instruction>> {
    let Some((address, rest)) = line.split_once(':') else { return Ok(None) };
    let Ok(address) = u32::from_str_radix(address.trim(), 16) else { return Ok(None) };
    let mut columns = rest.splitn(3, '\t');
    let (code, mnemonic) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
    if mnemonic.is_empty() || mnemonic.starts_with(['.', '<']) {
        return Ok(None);
    }
    let operands = columns.next().unwrap_or_default();
    // What a person may want to know besides stands behind these.
    let operands = operands.split(['@', '<']).next().unwrap_or_default().trim();
    let digits = code.chars().filter(char::is_ascii_hexdigit).count() as u32;
    let instruction = Instruction::parse(address, digits / 2, mnemonic.trim(), operands);
    instruction.map(Some).with_context(|| format!("reading {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Instruction {
        let line = format!("     4f8: f8d7 e00c    \t{}", text.replacen(' ', "\t", 1));
        parse_line(&line).unwrap().unwrap()
    }

    fn kind(text: &str) -> Kind {
        read(text).kind
    }

    #[test]
    fn a_line_of_llvm_objdump_has_address_size_and_registers() {
        let own = read("ldr.w lr, [r7, #0xc]");
        assert_eq!((own.address, own.end(), own.kind), (0x4f8, 0x4fc, Kind::Load));
        assert_eq!((own.writes, own.base), (Registers(1 << 14), Registers(1 << 7)));
    }

    #[test]
    fn labels_data_and_headings_are_no_instructions() {
        for line in ["", "00000400 <Reset>:", "     4f8: 00000000     \t.word\t0x0"] {
            assert_eq!(parse_line(line).unwrap(), None, "{line}");
        }
    }

    #[test]
    fn loads_and_stores_count_their_words() {
        assert_eq!(kind("vldmia r0!, {s0, s1, s2}"), Kind::LoadWords(3));
        assert_eq!(kind("vpop {d8, d9}"), Kind::LoadWords(4));
        assert_eq!(kind("ldrd r0, r1, [r2, #8]"), Kind::LoadWords(2));
        assert_eq!(kind("ldr r0, [r2], #4"), Kind::LoadWords(1));
        assert_eq!(kind("vstr s0, [r1, #8]"), Kind::Store { buffered: false });
        assert_eq!(kind("str r0, [r1, #8]"), Kind::Store { buffered: true });
        assert_eq!(kind("str.w r0, [r1, r2, lsl #2]"), Kind::Store { buffered: false });
        assert_eq!(kind("push {r4, r5, lr}"), Kind::StoreWords(3));
        assert_eq!(kind("pop {r4, pc}"), Kind::LoadBranch(2));
    }

    #[test]
    fn branches_are_told_from_what_only_begins_like_them() {
        for text in ["b 0x10", "beq 0x10 <name>", "bl 0x10", "bx lr", "cbz r0, 0x10"] {
            assert!(read(text).ends_block(), "{text}");
        }
        assert_eq!(read("cbz r0, 0x10").target, Some(16));
        assert_eq!(read("bne.w 0x8c6 <name+0x42e> @ imm = #0x3c0").target, Some(0x8c6));
        for text in ["bic r0, r1, #1", "bfi r0, r1, #1, #2", "bkpt #0xab", "ite lt"] {
            assert!(!read(text).ends_block(), "{text}");
        }
    }

    #[test]
    fn products_that_are_added_are_told_from_sums_and_moves() {
        assert_eq!(kind("vmla.f32 s0, s1, s2"), Kind::FloatMultiplyAdd);
        assert_eq!(kind("vmul.f32 s0, s1, s2"), Kind::Float);
        assert_eq!(kind("vmov.f32 s0, s1"), Kind::FloatMove(1));
        assert_eq!(kind("vmov r0, r1, d0"), Kind::FloatMove(2));
        let compare = read("vcmp.f32 s0, s1");
        assert_eq!((compare.writes, compare.reads), (Registers(0), Registers(3 << FLOATS)));
    }
}
