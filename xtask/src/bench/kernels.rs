//! Not measured yet.

use super::{BenchArgs, Findings};
use anyhow::{Result, bail};

pub fn measure(_: &BenchArgs) -> Result<Findings> {
    bail!("not measured yet")
}
