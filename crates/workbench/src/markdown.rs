//! Markdown that people read as text too, in lines of at most 100 columns.

/// The columns that a line may have; a row of a table may have more.
const COLUMNS: usize = 100;

/// Breaks every line that is too long at its spaces; an item of a list goes on under its text. Rows
/// of tables and lines with links stay as they are.
pub fn fill(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(fill_line).collect();
    lines.join("\n") + "\n"
}

fn fill_line(line: &str) -> String {
    let fits = line.chars().count() <= COLUMNS;
    if fits || line.starts_with('|') || line.contains("](") {
        return line.to_owned();
    }
    let indent = if line.starts_with("- ") { "  " } else { "" };
    let (mut filled, mut column) = (String::new(), 0);
    for (index, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        // A line that begins with one of these would be a list or a heading.
        let may_begin_a_line = !matches!(word, "-" | "+" | "*" | "#" | "=");
        if index == 0 {
            column = length;
        } else if column + 1 + length > COLUMNS && may_begin_a_line {
            filled += "\n";
            filled += indent;
            column = indent.len() + length;
        } else {
            filled.push(' ');
            column += 1 + length;
        }
        filled += word;
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_item_of_a_list_goes_on_under_its_text() {
        let word = "a".repeat(60);
        assert_eq!(fill(&format!("- {word} {word}")), format!("- {word}\n  {word}\n"));
    }

    #[test]
    fn short_lines_and_rows_of_tables_stay_as_they_are() {
        let text = format!("short\n\n| {} |\n", "a ".repeat(80));
        assert_eq!(fill(&text), text);
    }

    #[test]
    fn no_line_begins_like_a_list_by_chance() {
        let (start, rest) = ("a".repeat(95), "b".repeat(10));
        assert_eq!(fill(&format!("{start} aaaa + {rest}")), format!("{start} aaaa +\n{rest}\n"));
    }
}
