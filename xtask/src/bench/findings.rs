//! What a measurement hands over.

use serde_json::Value;

/// What a part found.
pub struct Findings {
    /// Markdown.
    pub text: String,
    /// The figures as `--json` prints them.
    pub rows: Value,
}
