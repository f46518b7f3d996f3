//! Reads FlatBuffers, the encoding of `.tflite` files: tables of numbered fields, each at an offset
//! from where it is named. Every offset is checked when it is followed, and nothing is copied.

use anyhow::{Context, Result, bail, ensure};

/// The longest name. All tensors may share a name, each of which is checked.
const LONGEST_TEXT: usize = 1 << 14;

/// A table: fields by number, any of which may be missing.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    file: &'a [u8],
    at: usize,
    /// For each field, where it is after the beginning of the table, or 0 if it is missing.
    fields: &'a [u8],
}

/// A vector of what has so many bytes each.
#[derive(Clone, Copy)]
pub struct Vector<'a, const SIZE: usize> {
    file: &'a [u8],
    at: usize,
    bytes: &'a [u8],
}

impl<'a> Table<'a> {
    /// The table that the file begins with.
    pub fn root(file: &'a [u8]) -> Result<Self> {
        Self::new(file, follow(file, 0)?)
    }

    fn new(file: &'a [u8], at: usize) -> Result<Self> {
        let back = i64::from(i32::from_le_bytes(bytes(file, at)?));
        let layout = usize::try_from(at as i64 - back).context("a table has no layout")?;
        let length = usize::from(u16::from_le_bytes(bytes(file, layout)?));
        ensure!(length >= 4, "the layout of a table has {length} bytes, expected at least 4");
        // Its first two numbers are its own length and that of the table.
        let fields = slice(file, layout, length)?.get(4..).unwrap_or_default();
        Ok(Self { file, at, fields })
    }

    /// Where a field lies in the file, if it is there.
    pub fn field(&self, number: usize) -> Option<usize> {
        let offset = self.fields.get(2 * number..2 * number + 2)?;
        let offset = u16::from_le_bytes(offset.try_into().ok()?);
        (offset != 0).then(|| self.at + usize::from(offset))
    }

    fn number<const SIZE: usize>(&self, number: usize) -> Result<Option<[u8; SIZE]>> {
        self.field(number).map(|at| bytes(self.file, at)).transpose()
    }

    /// An unsigned byte, 0 where it is missing, as all numbers here.
    pub fn u8(&self, number: usize) -> Result<u8> {
        Ok(u8::from_le_bytes(self.number(number)?.unwrap_or_default()))
    }

    /// A truth value.
    pub fn bool(&self, number: usize) -> Result<bool> {
        Ok(self.u8(number)? != 0)
    }

    /// A signed byte.
    pub fn i8(&self, number: usize) -> Result<i8> {
        Ok(i8::from_le_bytes(self.number(number)?.unwrap_or_default()))
    }

    /// A signed number of four bytes.
    pub fn i32(&self, number: usize) -> Result<i32> {
        self.i32_or(number, 0)
    }

    /// The same with another number where it is missing.
    pub fn i32_or(&self, number: usize, missing: i32) -> Result<i32> {
        Ok(self.number(number)?.map_or(missing, i32::from_le_bytes))
    }

    /// An unsigned number of four bytes.
    pub fn u32(&self, number: usize) -> Result<u32> {
        Ok(u32::from_le_bytes(self.number(number)?.unwrap_or_default()))
    }

    /// An unsigned number of eight bytes.
    pub fn u64(&self, number: usize) -> Result<u64> {
        Ok(u64::from_le_bytes(self.number(number)?.unwrap_or_default()))
    }

    /// A real number.
    pub fn f32(&self, number: usize) -> Result<f32> {
        Ok(f32::from_le_bytes(self.number(number)?.unwrap_or_default()))
    }

    /// A table that the field leads to.
    pub fn table(&self, number: usize) -> Result<Option<Self>> {
        let Some(at) = self.field(number) else { return Ok(None) };
        Self::new(self.file, follow(self.file, at)?).map(Some)
    }

    /// A vector, empty where it is missing.
    pub fn vector<const SIZE: usize>(&self, number: usize) -> Result<Vector<'a, SIZE>> {
        let file = self.file;
        let Some(at) = self.field(number) else { return Ok(Vector { file, at: 0, bytes: &[] }) };
        let at = follow(file, at)?;
        let count = u32::from_le_bytes(bytes(file, at)?) as usize;
        let length = count.checked_mul(SIZE).context("a vector is longer than the file")?;
        Ok(Vector { file, at: at + 4, bytes: slice(file, at + 4, length)? })
    }

    /// Text, empty where it is missing.
    pub fn text(&self, number: usize) -> Result<&'a str> {
        let bytes = self.vector::<1>(number)?.bytes;
        ensure!(
            bytes.len() <= LONGEST_TEXT,
            "expected names of at most {LONGEST_TEXT} bytes, found one of {}",
            bytes.len()
        );
        std::str::from_utf8(bytes).context("a name is not in UTF-8")
    }
}

impl<'a> Vector<'a, 1> {
    /// The bytes themselves.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> Vector<'a, 4> {
    /// Signed numbers of four bytes.
    pub fn i32s(self) -> impl Iterator<Item = i32> {
        self.elements().map(i32::from_le_bytes)
    }

    /// Real numbers.
    pub fn f32s(self) -> impl Iterator<Item = f32> {
        self.elements().map(f32::from_le_bytes)
    }

    /// Tables.
    pub fn tables(self) -> impl Iterator<Item = Result<Table<'a>>> {
        (0..self.len()).map(move |index| self.table_within(index))
    }

    /// The table with an index, if there are as many.
    pub fn table(self, index: usize) -> Result<Option<Table<'a>>> {
        (index < self.len()).then(|| self.table_within(index)).transpose()
    }

    fn table_within(self, index: usize) -> Result<Table<'a>> {
        Table::new(self.file, follow(self.file, self.at + 4 * index)?)
    }
}

impl Vector<'_, 8> {
    /// Signed numbers of eight bytes.
    pub fn i64s(self) -> impl Iterator<Item = i64> {
        self.elements().map(i64::from_le_bytes)
    }
}

impl<'a, const SIZE: usize> Vector<'a, SIZE> {
    /// How many elements there are.
    pub fn len(self) -> usize {
        self.bytes.len() / SIZE
    }

    fn elements(self) -> impl Iterator<Item = [u8; SIZE]> {
        self.bytes.as_chunks().0.iter().copied()
    }
}

/// Where the offset leads that lies here.
fn follow(file: &[u8], at: usize) -> Result<usize> {
    let offset = u32::from_le_bytes(bytes(file, at)?) as usize;
    at.checked_add(offset).context("an offset leads out of the file")
}

fn bytes<const SIZE: usize>(file: &[u8], at: usize) -> Result<[u8; SIZE]> {
    Ok(slice(file, at, SIZE)?.try_into()?)
}

fn slice(file: &[u8], at: usize, length: usize) -> Result<&[u8]> {
    match file.get(at..).and_then(|rest| rest.get(..length)) {
        Some(slice) => Ok(slice),
        None => bail!(
            "the file is cut off or damaged: {length} bytes at {at} are named, it has {}",
            file.len()
        ),
    }
}
