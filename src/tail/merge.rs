//! Merges lines that are read page by page from several sources in the order of time. Pure.

use std::collections::VecDeque;

/// One log line of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// In milliseconds since 1970.
    pub at: i64,
    /// The id of its log event.
    pub id: String,
    pub task: String,
    pub container: String,
    pub message: String,
}

/// Merges the lines of several sources in the order of time; each source delivers its own in that order.
#[derive(Debug)]
pub struct Merge {
    lanes: Vec<Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Line>,
    /// Whether its last page was added.
    done: bool,
}

impl Merge {
    /// Returns a merge of this many sources, of which nothing was read yet.
    pub fn new(sources: usize) -> Merge {
        Merge { lanes: (0..sources).map(|_| Lane::default()).collect() }
    }

    /// Returns the sources that have to be read before the next line is known.
    pub fn wants(&self) -> Vec<usize> {
        let wants = |lane: &Lane| lane.waiting.is_empty() && !lane.done;
        self.lanes.iter().enumerate().filter(|(_, lane)| wants(lane)).map(|(at, _)| at).collect()
    }

    /// Adds a page of a source; `done`: it was the last.
    pub fn add(&mut self, source: usize, mut lines: Vec<Line>, done: bool) {
        let lane = &mut self.lanes[source];
        lines.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        lane.waiting.extend(lines);
        lane.done = done;
    }

    /// Returns the lines that no unread line can precede, each with its source.
    pub fn ready(&mut self) -> Vec<(usize, Line)> {
        let mut ready = Vec::new();
        while self.lanes.iter().all(|lane| lane.done || !lane.waiting.is_empty()) {
            let first = |(source, lane): (usize, &'_ Lane)| {
                lane.waiting.front().map(|line| (line.at, line.id.clone(), source))
            };
            let Some((_, _, source)) = self.lanes.iter().enumerate().filter_map(first).min() else { break };
            ready.extend(self.lanes[source].waiting.pop_front().map(|line| (source, line)));
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64) -> Line {
        Line { at, id: at.to_string(), ..Line::default() }
    }

    fn times(ready: Vec<(usize, Line)>) -> Vec<i64> {
        ready.into_iter().map(|(_, line)| line.at).collect()
    }

    #[test]
    fn lines_of_all_sources_are_in_the_order_of_time() {
        let mut merge = Merge::new(2);
        merge.add(0, vec![line(1), line(4), line(6)], true);
        merge.add(1, vec![line(2), line(3), line(9)], true);
        assert_eq!(times(merge.ready()), [1, 2, 3, 4, 6, 9]);
        assert!(merge.wants().is_empty());
    }

    #[test]
    fn nothing_is_given_out_before_what_may_come_before_it_was_read() {
        let mut merge = Merge::new(2);
        assert_eq!(merge.wants(), [0, 1]);
        merge.add(0, vec![line(1), line(5)], false);
        assert!(merge.ready().is_empty(), "the other may begin with 0");
        merge.add(1, vec![line(2), line(3)], false);
        assert_eq!(times(merge.ready()), [1, 2, 3]);
        assert_eq!(merge.wants(), [1]);
        merge.add(1, Vec::new(), false);
        assert_eq!(merge.wants(), [1], "an empty page is not the end");
        merge.add(1, Vec::new(), true);
        assert_eq!(times(merge.ready()), [5]);
        assert_eq!(merge.wants(), [0]);
    }

    #[test]
    fn lines_of_one_time_are_in_the_order_of_their_ids() {
        let mut merge = Merge::new(1);
        let named = |id: &str| Line { at: 7, id: id.to_owned(), ..Line::default() };
        merge.add(0, vec![named("b"), named("a")], true);
        let ids: Vec<String> = merge.ready().into_iter().map(|(_, line)| line.id).collect();
        assert_eq!(ids, ["a", "b"]);
    }
}
