//! Merges lines that are read page by page from several sources in the order of time. Pure.

use std::collections::VecDeque;

/// One log line of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine {
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
pub struct LineMerge {
    queues: Vec<SourceQueue>,
}

#[derive(Debug, Default)]
struct SourceQueue {
    lines: VecDeque<LogLine>,
    /// Whether its last page was added.
    is_complete: bool,
}

impl LineMerge {
    /// Returns a merge of this many sources, of which nothing was read yet.
    pub fn new(sources: usize) -> LineMerge {
        LineMerge { queues: (0..sources).map(|_| SourceQueue::default()).collect() }
    }

    /// Returns the sources that have to be read before the next line is known.
    pub fn sources_to_read(&self) -> Vec<usize> {
        let wants = |lane: &SourceQueue| lane.lines.is_empty() && !lane.is_complete;
        self.queues.iter().enumerate().filter(|(_, lane)| wants(lane)).map(|(at, _)| at).collect()
    }

    /// Adds a page of a source; `done`: it was the last.
    pub fn add(&mut self, source: usize, mut lines: Vec<LogLine>, done: bool) {
        let lane = &mut self.queues[source];
        lines.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        lane.lines.extend(lines);
        lane.is_complete = done;
    }

    /// Returns the lines that no unread line can precede, each with its source.
    pub fn take_ready(&mut self) -> Vec<(usize, LogLine)> {
        let mut ready = Vec::new();
        while self.queues.iter().all(|lane| lane.is_complete || !lane.lines.is_empty()) {
            let first = |(source, lane): (usize, &'_ SourceQueue)| {
                lane.lines.front().map(|line| (line.at, line.id.clone(), source))
            };
            let Some((_, _, source)) = self.queues.iter().enumerate().filter_map(first).min() else { break };
            ready.extend(self.queues[source].lines.pop_front().map(|line| (source, line)));
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64) -> LogLine {
        LogLine { at, id: at.to_string(), ..LogLine::default() }
    }

    fn times(ready: Vec<(usize, LogLine)>) -> Vec<i64> {
        ready.into_iter().map(|(_, line)| line.at).collect()
    }

    #[test]
    fn lines_of_all_sources_are_in_the_order_of_time() {
        let mut merge = LineMerge::new(2);
        merge.add(0, vec![line(1), line(4), line(6)], true);
        merge.add(1, vec![line(2), line(3), line(9)], true);
        assert_eq!(times(merge.take_ready()), [1, 2, 3, 4, 6, 9]);
        assert!(merge.sources_to_read().is_empty());
    }

    #[test]
    fn no_line_is_ready_while_an_earlier_one_may_follow() {
        let mut merge = LineMerge::new(2);
        assert_eq!(merge.sources_to_read(), [0, 1]);
        merge.add(0, vec![line(1), line(5)], false);
        assert!(merge.take_ready().is_empty(), "the other may begin with 0");
        merge.add(1, vec![line(2), line(3)], false);
        assert_eq!(times(merge.take_ready()), [1, 2, 3]);
        assert_eq!(merge.sources_to_read(), [1]);
        merge.add(1, Vec::new(), false);
        assert_eq!(merge.sources_to_read(), [1], "an empty page is not the end");
        merge.add(1, Vec::new(), true);
        assert_eq!(times(merge.take_ready()), [5]);
        assert_eq!(merge.sources_to_read(), [0]);
    }

    #[test]
    fn lines_of_one_time_are_in_the_order_of_their_ids() {
        let mut merge = LineMerge::new(1);
        let named = |id: &str| LogLine { at: 7, id: id.to_owned(), ..LogLine::default() };
        merge.add(0, vec![named("b"), named("a")], true);
        let ids: Vec<String> = merge.take_ready().into_iter().map(|(_, line)| line.id).collect();
        assert_eq!(ids, ["a", "b"]);
    }
}
