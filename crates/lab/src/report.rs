//! What an experiment found: printed, in files, and as a section of the report
//! `target/lab/index.html`.

use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use workbench::table::markdown;
use workbench::workspace::root;

/// Every experiment, in the order of the report.
const ORDER: [&str; 13] = [
    "ironing",
    "twins",
    "basins",
    "unreachable",
    "wrinkles",
    "footpoint",
    "scale",
    "mnist",
    "radius-map",
    "vgg",
    "finetune",
    "untuned",
    "robustness",
];

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:1040px;margin:2em auto;padding:0 \
                     1em;color:#222}table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em \
                     .8em;border-bottom:1px solid \
                     #ddd;text-align:right}td:first-child,th:first-child{text-align:left}\
                     figure{margin:1.5em \
                     0}figcaption{color:#555}svg,img{max-width:100%;height:auto}\
                     code{background:#f4f4f4;padding:0 \
                     .2em}";

/// A part of a section.
pub enum Part {
    Heading(String),
    Text(String),
    Table {
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// An SVG, which the report contains too.
    Picture {
        file: &'static str,
        svg: String,
        caption: String,
    },
    /// A PNG, which the report shows from its file.
    Image {
        file: String,
        png: Vec<u8>,
        /// What is to be seen, for those who do not see it.
        alt: String,
        caption: String,
    },
    /// Columns of numbers for other programs.
    Numbers {
        file: &'static str,
        header: Vec<String>,
        rows: Vec<Vec<f64>>,
    },
}

/// What an experiment found.
pub struct Section {
    /// The name of the experiment on the command line.
    pub name: &'static str,
    pub title: &'static str,
    pub parts: Vec<Part>,
}

impl Section {
    /// Prints it, writes its files, and makes the report anew from all sections that there are.
    pub fn publish(&self) -> Result<()> {
        let folder = folder().join(self.name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        println!("{}\n\n{}", self.title, self.markdown());
        let mut html = format!("<h2 id=\"{}\">{}</h2>\n", self.name, escaped(self.title));
        let _ = writeln!(html, "<p><code>cargo lab {}</code></p>", self.name);
        let mut tables = 0;
        for part in &self.parts {
            match part {
                Part::Heading(words) => {
                    let _ = writeln!(html, "<h3>{}</h3>", escaped(words));
                }
                Part::Text(text) => {
                    let _ = writeln!(html, "<p>{}</p>", inline(text));
                }
                Part::Table { header, rows } => {
                    tables += 1;
                    let file = folder.join(format!("table_{tables}.csv"));
                    write(&file, comma_separated(header, rows).as_bytes())?;
                    html.push_str(&table(header, rows));
                }
                Part::Picture { file, svg, caption } => {
                    write(&folder.join(file), svg.as_bytes())?;
                    let caption = escaped(caption);
                    let _ =
                        writeln!(html, "<figure>{svg}<figcaption>{caption}</figcaption></figure>");
                }
                Part::Image { file, png, alt, caption } => {
                    write(&folder.join(file), png)?;
                    html.push_str(&image(self.name, file, alt, caption));
                }
                Part::Numbers { file, header, rows } => {
                    write(&folder.join(file), comma_separated(header, rows).as_bytes())?;
                }
            }
        }
        write(&folder.join(SECTION), html.as_bytes())?;
        let index = index()?;
        println!("wrote {} and {}", relative(&folder), relative(&index));
        Ok(())
    }

    /// Its words and tables, in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let _ = match part {
                Part::Heading(words) => writeln!(text, "## {words}\n"),
                Part::Text(words) => writeln!(text, "{words}\n"),
                Part::Table { header, rows } => {
                    writeln!(text, "{}\n", markdown(header.clone(), rows.iter().cloned()))
                }
                Part::Picture { .. } | Part::Image { .. } | Part::Numbers { .. } => Ok(()),
            };
        }
        text
    }
}

/// A section's part of the report.
const SECTION: &str = "section.html";

/// The report.
fn page() -> PathBuf {
    folder().join("index.html")
}

fn folder() -> PathBuf {
    root().join("target/lab")
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Makes the report.
fn index() -> Result<PathBuf> {
    let title = "The rolling ball's laboratory";
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta \
         charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\n<h1>{title}</h1>\n"
    );
    for name in ORDER {
        if let Ok(section) = fs::read_to_string(folder().join(name).join(SECTION)) {
            html.push_str(&section);
        }
    }
    html.push_str("</html>\n");
    let path = page();
    write(&path, html.as_bytes())?;
    Ok(path)
}

fn write(path: &Path, contents: &[u8]) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}

/// An image in a section's folder, by its path from the report.
fn image(section: &str, file: &str, alt: &str, caption: &str) -> String {
    let [source, alt] =
        [&format!("{section}/{file}"), alt].map(|text| escaped(text).replace('"', "&quot;"));
    let caption = escaped(caption);
    format!(
        "<figure><img src=\"{source}\" alt=\"{alt}\"><figcaption>{caption}</figcaption></figure>\n"
    )
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String], tag: &str| {
        let cells: String =
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", inline(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(|row| line(row, "td")).collect();
    format!("<table>\n{}{rows}</table>\n", line(header, "th"))
}

fn comma_separated<T: ToString>(header: &[String], rows: &[Vec<T>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
        cells.join(",") + "\n"
    };
    let mut text = line(&mut header.iter().cloned());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(T::to_string)));
    }
    text
}

/// A cell with a comma in quotation marks (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Markdown's marks within a line, as far as sections have them: strong words and code.
fn inline(text: &str) -> String {
    let mut html = escaped(text);
    for (mark, tag) in [("**", "b"), ("`", "code")] {
        let mut pieces = html.split(mark);
        let mut marked = pieces.next().unwrap_or_default().to_owned();
        for (index, piece) in pieces.enumerate() {
            let slash = if index % 2 == 0 { "" } else { "/" };
            let _ = write!(marked, "<{slash}{tag}>{piece}");
        }
        html = marked;
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_become_tags() {
        assert_eq!(escaped("a < b & c > d"), "a &lt; b &amp; c &gt; d");
        let html = table(&["<x>".to_owned()], &[vec!["1".to_owned()]]);
        assert_eq!(html, "<table>\n<tr><th>&lt;x&gt;</th></tr>\n<tr><td>1</td></tr>\n</table>\n");
    }

    #[test]
    fn an_image_is_found_from_the_report_and_its_words_stay_words() {
        assert_eq!(
            image("basins", "a.png", "a \"map\"", "1 < 2"),
            "<figure><img src=\"basins/a.png\" alt=\"a &quot;map&quot;\"><figcaption>1 &lt; \
             2</figcaption></figure>\n"
        );
    }

    #[test]
    fn strong_words_and_code_become_tags() {
        assert_eq!(inline("a **b** and `c`"), "a <b>b</b> and <code>c</code>");
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let header = ["x".to_owned(), "y".to_owned()];
        assert_eq!(comma_separated(&header, &[vec![0.1, -2.0]]), "x,y\n0.1,-2\n");
    }

    #[test]
    fn a_cell_with_a_comma_stays_one_cell() {
        let header = ["a, b".to_owned(), "c".to_owned()];
        let rows = [vec!["say \"d\"".to_owned(), "e".to_owned()]];
        assert_eq!(comma_separated(&header, &rows), "\"a, b\",c\n\"say \"\"d\"\"\",e\n");
    }
}
