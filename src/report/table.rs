//! Lays out tables: aligned columns below a header, and on a terminal as narrow as it is. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use console::{Alignment, measure_text_width, pad_str};

use super::page::{Page, PageItem, PageLine};
use super::screen::Paint;
use super::shorten::{cut_apart, cut_end};
use crate::events::JsonEvent;

/// The text of an empty cell.
const EMPTY_CELL: &str = "-";
/// What is between two columns.
const GAP: &str = "  ";
/// The width to which names are cut before a column is left out, and that to which they are cut at most.
const ROOMY: usize = 16;
const NARROW: usize = 8;
/// The least width for a text at the end of a row, which is wrapped.
const TEXT: usize = 20;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    title: &'static str,
    fit: ColumnFit,
}

/// What becomes of a column on a terminal that is too narrow for the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnFit {
    /// Its cells stay whole.
    Whole,
    /// Its cells lose their middle.
    Name,
    /// Its cells lose their end.
    Id,
    /// Its cells lose their middle, and then it is left out; of several the last one first.
    Spare,
    /// Its cells are wrapped.
    Text,
}

impl Column {
    /// Returns a column whose cells are never cut.
    pub const fn whole(title: &'static str) -> Column {
        Column { title, fit: ColumnFit::Whole }
    }

    /// Returns a column of names, which are cut in the middle.
    pub const fn name(title: &'static str) -> Column {
        Column { title, fit: ColumnFit::Name }
    }

    /// Returns a column of ids, which are cut at the end.
    pub const fn id(title: &'static str) -> Column {
        Column { title, fit: ColumnFit::Id }
    }

    /// Returns a column that is left out on a terminal that is too narrow.
    pub const fn spare(title: &'static str) -> Column {
        Column { title, fit: ColumnFit::Spare }
    }

    /// Returns the last column, whose cells are wrapped.
    pub const fn text(title: &'static str) -> Column {
        Column { title, fit: ColumnFit::Text }
    }

    /// Returns the least width of the column; `floor` is that of a name.
    fn min_width(self, width: usize, floor: usize) -> usize {
        let floor = floor.max(self.title.len());
        match self.fit {
            ColumnFit::Whole => width,
            ColumnFit::Name | ColumnFit::Id | ColumnFit::Spare => width.min(floor),
            ColumnFit::Text => width.min(TEXT),
        }
    }
}

/// One row of a table: its cells, and the lines below it.
#[derive(Clone, Debug, Default)]
pub struct TableRow {
    pub cells: Vec<String>,
    pub lines_below: Vec<PageLine>,
    pub paint: Option<Paint>,
    pub event: Option<JsonEvent>,
}

/// The cells of a table; the first row is its header.
#[derive(Clone, Debug, PartialEq)]
pub struct TableCells {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// The place of a line in a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableLine {
    pub table: Arc<TableCells>,
    pub row: usize,
}

/// Returns a table as a page: aligned columns below a header. A column that is empty in all rows is left out.
pub fn table(columns: &[Column], rows: Vec<TableRow>) -> Page {
    if rows.is_empty() {
        return Page::default();
    }
    let is_empty = |row: &TableRow, at: usize| row.cells.get(at).is_none_or(String::is_empty);
    let used: Vec<usize> =
        (0..columns.len()).filter(|at| !rows.iter().all(|row| is_empty(row, *at))).collect();
    let cells = |row: &TableRow| used.iter().map(|at| shown_cell(row.cells.get(*at))).collect();
    let columns: Vec<Column> = used.iter().map(|at| columns[*at]).collect();
    let header = columns.iter().map(|column| column.title.to_owned()).collect();
    let rows_of_cells = std::iter::once(header).chain(rows.iter().map(cells)).collect();
    let table = Arc::new(TableCells { columns, rows: rows_of_cells });
    let mut lines = table.lines(usize::MAX).into_iter().enumerate().map(|(row, text)| PageLine {
        text,
        paint: None,
        row: Some(TableLine { table: Arc::clone(&table), row }),
    });
    let head = lines.next().map(|line| PageLine { paint: Some(Paint::Dim), ..line });
    let items = lines.zip(rows).map(|(line, row)| PageItem {
        lines: std::iter::once(PageLine { paint: row.paint, ..line }).chain(row.lines_below).collect(),
        event: row.event,
    });
    Page { items: items.collect(), head: head.into_iter().collect(), foot: Vec::new() }
}

fn shown_cell(cell: Option<&String>) -> String {
    cell.filter(|cell| !cell.is_empty()).cloned().unwrap_or_else(|| EMPTY_CELL.to_owned())
}

impl TableCells {
    /// Returns the lines of the table, as they fit on so many columns of a terminal.
    pub fn lines(&self, room: usize) -> Vec<String> {
        let natural: Vec<usize> = (0..self.columns.len()).map(|at| self.width_of(at)).collect();
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        loop {
            if let Some(widths) = self.fitted_widths(&kept, &natural, room, ROOMY) {
                return self.laid_out(&kept, &widths);
            }
            let spare = kept.iter().rposition(|at| self.columns[*at].fit == ColumnFit::Spare);
            let Some(spare) = spare else { break };
            kept.remove(spare);
        }
        let narrow = self.fitted_widths(&kept, &natural, room, NARROW);
        let least = || kept.iter().map(|at| self.columns[*at].min_width(natural[*at], NARROW)).collect();
        self.laid_out(&kept, &narrow.unwrap_or_else(least))
    }

    fn width_of(&self, at: usize) -> usize {
        self.rows.iter().map(|row| measure_text_width(&row[at])).max().unwrap_or_default()
    }

    /// Returns the widths of these columns where they fit; the widest are cut first.
    fn fitted_widths(
        &self,
        kept: &[usize],
        natural: &[usize],
        room: usize,
        floor: usize,
    ) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> = kept.iter().map(|at| natural[*at]).collect();
        let least: Vec<usize> =
            kept.iter().map(|at| self.columns[*at].min_width(natural[*at], floor)).collect();
        let gaps = GAP.len() * kept.len().saturating_sub(1);
        let mut used = widths.iter().sum::<usize>() + gaps;
        while used > room {
            let wide = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
            let widest = wide.max_by_key(|at| widths[*at])?;
            widths[widest] -= 1;
            used -= 1;
        }
        Some(widths)
    }

    /// Returns all lines, with these columns in these widths.
    fn laid_out(&self, kept: &[usize], widths: &[usize]) -> Vec<String> {
        let mut lines = vec![String::new(); self.rows.len()];
        for (place, (at, width)) in kept.iter().zip(widths).enumerate() {
            let gap = if place == 0 { "" } else { GAP };
            for (line, cell) in lines.iter_mut().zip(self.column(*at, *width)) {
                line.push_str(gap);
                line.push_str(&pad_str(&cell, *width, Alignment::Left, None));
            }
        }
        lines.iter().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Returns the cells of a column, cut to a width.
    fn column(&self, at: usize, width: usize) -> Vec<String> {
        let cells = self.rows.iter().map(|row| row[at].as_str());
        match self.columns[at].fit {
            ColumnFit::Whole | ColumnFit::Text => cells.map(str::to_owned).collect(),
            ColumnFit::Id => cells.map(|cell| cut_end(cell, width)).collect(),
            ColumnFit::Name | ColumnFit::Spare => {
                let names: BTreeSet<&str> = cells.clone().collect();
                let cut = cut_apart(&names, width);
                cells.map(|cell| cut.get(cell).cloned().unwrap_or_default()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::whole("WHEN"),
        Column::name("REVISION"),
        Column::spare("BY"),
        Column::spare("DIGEST"),
        Column::text("WHY"),
    ];

    fn row(cells: &[&str]) -> TableRow {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        TableRow { cells, ..TableRow::default() }
    }

    fn lines(columns: &[Column], rows: &[&[&str]], room: usize) -> Vec<String> {
        let page = table(columns, rows.iter().map(|cells| row(cells)).collect());
        page.fitted_lines(room).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn columns_are_aligned_and_empty_columns_left_out() {
        let columns = [Column::whole("NAME"), Column::whole("GIT"), Column::whole("N")];
        let rows: [&[&str]; 2] = [&["a", "", "1"], &["longer", "", ""]];
        assert_eq!(lines(&columns, &rows, 80), ["NAME    N", "a       1", "longer  -"]);
    }

    #[test]
    fn a_table_of_nothing_has_no_header() {
        assert_eq!(table(COLUMNS, Vec::new()), Page::default());
    }

    #[test]
    fn names_are_cut_before_columns_are_left_out() {
        let rows: [&[&str]; 2] = [
            &["13:05", "production-frontend:17", "alice", "0123", ""],
            &["13:06", "production-frontend:18", "bob", "4567", ""],
        ];
        let expected = [
            "WHEN   REVISION          BY     DIGEST",
            "13:05  producti…tend:17  alice  0123",
            "13:06  producti…tend:18  bob    4567",
        ];
        assert_eq!(lines(COLUMNS, &rows, 38), expected);
        // Without the column there is room for the whole names.
        let expected = [
            "WHEN   REVISION                BY",
            "13:05  production-frontend:17  alice",
            "13:06  production-frontend:18  bob",
        ];
        assert_eq!(lines(COLUMNS, &rows, 36), expected);
        let expected = ["WHEN   REVISION", "13:05  prod…:17", "13:06  prod…:18"];
        assert_eq!(lines(COLUMNS, &rows, 15), expected);
    }

    #[test]
    fn a_text_at_the_end_is_left_whole() {
        let why = "it is what the service runs, and what the schedule runs";
        let rows: [&[&str]; 1] = [&["13:05", "web:1", "alice", "0123", why]];
        assert_eq!(lines(COLUMNS, &rows, 52)[1], format!("13:05  web:1     alice  0123    {why}"));
    }

    #[test]
    fn an_id_keeps_its_beginning() {
        let rows: [&[&str]; 1] = [&["0123456789abcdef", "x"]];
        assert_eq!(lines(&[Column::id("TASK"), Column::whole("N")], &rows, 14)[1], "0123456789…  x");
    }
}
