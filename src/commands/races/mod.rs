//! Two runs at once: commands in the same process, whose requests to the sandbox arrive in the order that a test decides.
//!
//! `table` shows for each pair of commands, and each gap between the calls of the first, what runs afterwards and what
//! both say. `promises` checks what holds in any order, with lost answers and old states.

mod arena;
mod promises;
mod recorder;
mod table;
