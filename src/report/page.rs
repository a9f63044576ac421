//! Answers of several lines: each line with its colour, each item with its value for programs.

use std::sync::Arc;

use super::screen::Paint;
use super::table::{TableCells, TableLine};
use crate::events::JsonEvent;

/// One line of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageLine {
    pub text: String,
    pub paint: Option<Paint>,
    /// Of a line of a table: its place in it. The text is then the line at its full width.
    pub row: Option<TableLine>,
}

impl PageLine {
    /// Returns a line without a colour.
    pub fn plain(text: impl Into<String>) -> PageLine {
        PageLine { text: text.into(), ..PageLine::default() }
    }

    /// Returns a line in a colour.
    pub fn painted(text: impl Into<String>, paint: impl Into<Option<Paint>>) -> PageLine {
        PageLine { text: text.into(), paint: paint.into(), row: None }
    }
}

/// One item of an answer: its lines for people, and its event for programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageItem {
    pub lines: Vec<PageLine>,
    /// None where there is nothing for programs.
    pub event: Option<JsonEvent>,
}

/// An answer: items in their order, between lines for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub head: Vec<PageLine>,
    pub items: Vec<PageItem>,
    pub foot: Vec<PageLine>,
}

impl Page {
    /// Returns all lines.
    pub fn lines(&self) -> impl Iterator<Item = &PageLine> {
        let items = self.items.iter().flat_map(|item| &item.lines);
        self.head.iter().chain(items).chain(&self.foot)
    }

    /// Returns all lines, those of tables as they fit on so many columns of a terminal.
    pub fn fitted_lines(&self, room: usize) -> Vec<PageLine> {
        let mut tables: Vec<(&TableCells, Vec<String>)> = Vec::new();
        self.lines().map(|line| fitted_line(line, room, &mut tables)).collect()
    }

    /// Returns the items whose value is not on the page `before`, below the same head.
    pub fn changed_since(&self, before: &Page) -> Page {
        let is_new = |item: &&PageItem| !before.items.iter().any(|known| known.event == item.event);
        let items: Vec<PageItem> = self.items.iter().filter(is_new).cloned().collect();
        let head = if items.is_empty() { Vec::new() } else { self.head.clone() };
        Page { head, items, foot: Vec::new() }
    }
}

/// Returns a line as it fits; each table is laid out once.
fn fitted_line<'a>(
    line: &'a PageLine,
    room: usize,
    tables: &mut Vec<(&'a TableCells, Vec<String>)>,
) -> PageLine {
    let Some(TableLine { table, row }) = &line.row else { return line.clone() };
    let table: &TableCells = Arc::as_ref(table);
    let known = tables.iter().position(|(known, _)| std::ptr::eq(*known, table));
    let known = known.unwrap_or_else(|| {
        tables.push((table, table.lines(room)));
        tables.len() - 1
    });
    let text = tables[known].1.get(*row).cloned();
    PageLine { text: text.unwrap_or_else(|| line.text.clone()), ..line.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::answer::Note;
    use crate::report::table::{Column, TableRow, table};

    const N: &[Column] = &[Column::whole("N")];

    fn row(cells: &[&str], value: i64) -> TableRow {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let event = JsonEvent::Note(Note { message: value.to_string() });
        TableRow { cells, event: Some(event), ..TableRow::default() }
    }

    #[test]
    fn only_changed_items_are_repeated() {
        let before = table(N, vec![row(&["1"], 1), row(&["2"], 2)]);
        let after = table(N, vec![row(&["1"], 1), row(&["3"], 3)]);
        let changed = after.changed_since(&before);
        assert_eq!(changed.lines().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["N", "3"]);
        assert_eq!(after.changed_since(&after), Page::default());
    }
}
