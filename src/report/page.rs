//! Answers of several lines: each line with its colour, each item with its value for programs; and tables.

use console::{Alignment, measure_text_width, pad_str};

use super::screen::Paint;
use crate::events::JsonEvent;

/// The text of an empty cell.
const NOTHING: &str = "-";

/// One line of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub text: String,
    pub paint: Option<Paint>,
}

impl Line {
    /// Returns a line without a colour.
    pub fn plain(text: impl Into<String>) -> Line {
        Line { text: text.into(), paint: None }
    }

    /// Returns a line in a colour.
    pub fn painted(text: impl Into<String>, paint: impl Into<Option<Paint>>) -> Line {
        Line { text: text.into(), paint: paint.into() }
    }
}

/// One item of an answer: its lines for people, and its event for programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    pub lines: Vec<Line>,
    /// None where there is nothing for programs.
    pub event: Option<JsonEvent>,
}

/// An answer: items in their order, between lines for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub head: Vec<Line>,
    pub items: Vec<Item>,
    pub foot: Vec<Line>,
}

impl Page {
    /// Returns all lines.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let items = self.items.iter().flat_map(|item| &item.lines);
        self.head.iter().chain(items).chain(&self.foot)
    }

    /// Returns the items whose value is not on the page `before`, below the same head.
    pub fn changed_since(&self, before: &Page) -> Page {
        let is_new = |item: &&Item| !before.items.iter().any(|known| known.event == item.event);
        let items: Vec<Item> = self.items.iter().filter(is_new).cloned().collect();
        let head = if items.is_empty() { Vec::new() } else { self.head.clone() };
        Page { head, items, foot: Vec::new() }
    }
}

/// One row of a table: its cells, and the lines below it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub cells: Vec<String>,
    pub below: Vec<Line>,
    pub paint: Option<Paint>,
    pub event: Option<JsonEvent>,
}

/// Returns a table as a page: aligned columns below a header. A column that is empty in all rows is left out.
pub fn table(header: &[&str], rows: Vec<Row>) -> Page {
    let cell = |row: &Row, column: usize| row.cells.get(column).cloned().unwrap_or_default();
    let said = |column: &usize| rows.iter().any(|row| !cell(row, *column).is_empty());
    let columns: Vec<usize> = (0..header.len()).filter(said).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| measure_text_width(&cell(row, column)));
        cells.max().unwrap_or_default().max(header[column].len())
    };
    let widths: Vec<usize> = columns.iter().map(|column| width(*column)).collect();
    let line = |cells: Vec<String>| {
        let cells = cells.iter().zip(&widths);
        let padded = cells.map(|(cell, width)| pad_str(cell, *width, Alignment::Left, None).into_owned());
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let shown = |text: String| if text.is_empty() { NOTHING.to_owned() } else { text };
    let items = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| shown(cell(row, *column))).collect();
        let first = Line::painted(line(cells), row.paint);
        Item { lines: [vec![first], row.below.clone()].concat(), event: row.event.clone() }
    });
    let names = columns.iter().map(|column| header[*column].to_owned()).collect();
    let head = if rows.is_empty() { Vec::new() } else { vec![Line::painted(line(names), Paint::Dim)] };
    Page { items: items.collect(), head, foot: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::answer::Note;

    fn row(cells: &[&str], value: i64) -> Row {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let event = JsonEvent::Note(Note { message: value.to_string() });
        Row { cells, event: Some(event), ..Row::default() }
    }

    #[test]
    fn columns_stand_below_each_other_and_one_that_says_nothing_is_left_out() {
        let rows = vec![row(&["a", "", "1"], 1), row(&["longer", "", ""], 2)];
        let page = table(&["NAME", "GIT", "N"], rows);
        let lines: Vec<&str> = page.lines().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["NAME    N", "a       1", "longer  -"]);
    }

    #[test]
    fn a_table_of_nothing_has_no_header() {
        assert_eq!(table(&["NAME"], Vec::new()), Page::default());
    }

    #[test]
    fn only_what_changed_is_told_again() {
        let before = table(&["N"], vec![row(&["1"], 1), row(&["2"], 2)]);
        let after = table(&["N"], vec![row(&["1"], 1), row(&["3"], 3)]);
        let changed = after.changed_since(&before);
        assert_eq!(changed.lines().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["N", "3"]);
        assert_eq!(after.changed_since(&after), Page::default());
    }
}
