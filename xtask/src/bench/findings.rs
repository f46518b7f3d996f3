//! What a measurement hands over.

use serde_json::Value;

/// What a part found.
pub struct Findings {
    /// Markdown.
    pub text: String,
    /// As `--json` prints it.
    pub rows: Value,
}
