//! Text from files, as a terminal may show it.

/// The text with everything escaped that a terminal would act on rather than show: control
/// characters, such as those that begin a terminal's commands, and characters that are invisible or
/// turn the direction of writing.
///
/// Names in files are as their author wants them. All errors of this crate are shown this way;
/// [`Imported::unused`](crate::Imported::unused) has the names as they are.
///
/// ```
/// assert_eq!(rolling_ball_import::shown("conv1.\u{1b}[31mweight"), r"conv1.\u{1b}[31mweight");
/// ```
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // They are escaped in code, and plain on a terminal.
            '\'' | '"' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// The same of a text of several lines, which stay lines.
pub fn shown_lines(text: &str) -> String {
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped_and_all_else_is_as_it_was() {
        for (text, expected) in [
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("a\rb\nc\td\0", r"a\rb\nc\td\0"),
            ("\u{202e}gnp", r"\u{202e}gnp"),
            ("\u{200b}", r"\u{200b}"),
        ] {
            assert_eq!(shown(text), expected);
        }
        for plain in ["conv1.weight", "C:\\models\\\"a\".toml", "größe", "重み", "it's"] {
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(shown_lines("a\u{7}\n  ^\n"), "a\\u{7}\n  ^");
    }
}
