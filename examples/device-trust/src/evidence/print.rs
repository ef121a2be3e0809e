//! Rows as a table, as JSON lines or as CSV, each written as it comes.

use std::io::{self, Write};

use super::{Row, VerdictRow};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns for people; what does not fit is cut.
    Table,
    /// One JSON object a line.
    Json,
    /// Comma-separated values with a heading (RFC 4180).
    Csv,
}

/// Writes rows to `out`, the heading before the first.
#[derive(Debug)]
pub struct Printer<W: Write> {
    out: W,
    format: Format,
    started: bool,
}

impl<W: Write> Printer<W> {
    /// A printer that has written nothing yet.
    pub fn new(out: W, format: Format) -> Self {
        Self {
            out,
            format,
            started: false,
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        // Time, event, outcome, user, app, device, managed, rule; the reason takes the rest of the line.
        const WIDTHS: &[usize] = &[24, 26, 9, 26, 14, 20, 7, 24];
        if self.format == Format::Json {
            return self.json(row);
        }
        self.line(&Row::HEADINGS, &row.cells(), WIDTHS)
    }

    /// Writes a verdict.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn verdict(&mut self, row: &VerdictRow) -> io::Result<()> {
        const WIDTHS: &[usize] = &[22, 14, 36, 26, 14, 26, 24];
        if self.format == Format::Json {
            return self.json(row);
        }
        let cells = row.cells();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        self.line(&VerdictRow::HEADINGS, &cells, WIDTHS)
    }

    /// Ends a list of events: CSV without a row still has its heading, for whoever reads the columns by name.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn end_of_rows(&mut self) -> io::Result<()> {
        self.end(&Row::HEADINGS)
    }

    /// Ends a list of verdicts, as [`end_of_rows`](Self::end_of_rows).
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn end_of_verdicts(&mut self) -> io::Result<()> {
        self.end(&VerdictRow::HEADINGS)
    }

    fn end(&mut self, headings: &[&str]) -> io::Result<()> {
        if self.format != Format::Csv || std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        self.write(headings, &[])?;
        self.out.flush()
    }

    fn json(&mut self, row: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, row)?;
        writeln!(self.out)?;
        self.out.flush()
    }

    fn line(&mut self, headings: &[&str], cells: &[&str], widths: &[usize]) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.started, true);
        if first {
            self.write(headings, widths)?;
        }
        self.write(cells, widths)?;
        self.out.flush()
    }

    fn write(&mut self, cells: &[&str], widths: &[usize]) -> io::Result<()> {
        let text = if self.format == Format::Csv {
            let fields: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
            fields.join(",") + "\r\n"
        } else {
            columns(cells, widths) + "\n"
        };
        self.out.write_all(text.as_bytes())
    }
}

/// A field of CSV. What a spreadsheet would take for a formula gets an apostrophe before it: names in the log come from
/// whoever signs in.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// Columns of these widths, the last ones as long as they are. Control characters would steer the terminal.
fn columns(cells: &[&str], widths: &[usize]) -> String {
    let mut line = String::new();
    for (n, cell) in cells.iter().enumerate() {
        let cell: String = cell
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        match widths.get(n) {
            Some(&width) if cell.chars().count() > width => {
                line.extend(cell.chars().take(width - 1));
                line.push('…');
            }
            Some(&width) => {
                line += &cell;
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
            }
            None => line += &cell,
        }
        line.push(' ');
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: Format, rows: &[Row]) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, format);
        for row in rows {
            printer.row(row).unwrap();
        }
        printer.end_of_rows().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn row() -> Row {
        Row {
            at: "2026-11-24T12:00:00.000Z".into(),
            event: "user.authentication.sso".into(),
            outcome: "SUCCESS".into(),
            user: "ada@acme.example".into(),
            device: "Ada's \"Mac\", \u{1b}[31mred".into(),
            reason: "=HYPERLINK(\"x\")".into(),
            ..Row::default()
        }
    }

    #[test]
    fn csv_has_one_heading_quotes_what_needs_it_and_holds_no_formula() {
        let text = printed(Format::Csv, &[row(), row()]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], Row::HEADINGS.join(","));
        assert!(lines[1].contains("\"Ada's \"\"Mac\"\", "));
        assert!(lines[1].contains("\"'=HYPERLINK(\"\"x\"\")\""));
    }

    #[test]
    fn only_csv_has_a_heading_without_a_row() {
        let headings = Row::HEADINGS.join(",") + "\r\n";
        assert_eq!(printed(Format::Csv, &[]), headings);
        assert_eq!(printed(Format::Table, &[]), "");
        assert_eq!(printed(Format::Json, &[]), "");
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, Format::Csv);
        printer.end_of_verdicts().unwrap();
        let headings = VerdictRow::HEADINGS.join(",") + "\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), headings);
    }

    #[test]
    fn a_table_cuts_what_does_not_fit_and_steers_no_terminal() {
        let mut long = row();
        long.user = "x".repeat(60);
        let text = printed(Format::Table, &[long]);
        assert_eq!(text.lines().count(), 2);
        assert!(!text.contains('\u{1b}') && text.contains('…'));
        let at = text.lines().next().unwrap().find("event").unwrap();
        assert_eq!(text.lines().nth(1).unwrap().find("user.auth").unwrap(), at);
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = printed(Format::Json, &[row(), Row::default()]);
        let rows: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["device"], row().device);
    }
}
