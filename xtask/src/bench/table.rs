//! Tables in Markdown.

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// A table whose first column is words and whose other columns are numbers.
pub fn markdown(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(header).add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
