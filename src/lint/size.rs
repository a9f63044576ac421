//! Checks of CPU and memory: the task sizes of Fargate, and whether the containers fit into the task.

use super::Findings;
use super::view::{Container, Task, absent, integer, items, listed, shown, text};
use crate::document::tree::Node;

/// A CPU size of Fargate, and the memory that is valid with it: minimum, maximum and step in MiB.
struct Size {
    cpu: i64,
    memory: (i64, i64, i64),
    linux_only: bool,
}

/// From the API reference, RegisterTaskDefinition.memory.
const SIZES: &[Size] = &[
    Size { cpu: 256, memory: (512, 2048, 512), linux_only: true },
    Size { cpu: 512, memory: (1024, 4096, 1024), linux_only: true },
    Size { cpu: 1024, memory: (2048, 8192, 1024), linux_only: false },
    Size { cpu: 2048, memory: (4096, 16_384, 1024), linux_only: false },
    Size { cpu: 4096, memory: (8192, 30_720, 1024), linux_only: false },
    Size { cpu: 8192, memory: (16_384, 61_440, 4096), linux_only: true },
    Size { cpu: 16_384, memory: (32_768, 122_880, 8192), linux_only: true },
];

impl Size {
    fn memories(&self) -> Vec<i64> {
        let (low, high, step) = self.memory;
        let all = (0..).map(|n| low + n * step).take_while(|memory| *memory <= high);
        // With 256 CPU units, 512, 1024 and 2048 MiB are valid, and 1536 is not.
        all.filter(|memory| self.cpu != 256 || *memory != 1536).collect()
    }
}

/// Returns the CPU units of a text such as `256` or `.25 vCPU`.
fn cpu(text: &str) -> Option<i64> {
    units(text, "vcpu")
}

/// Returns the MiB of a text such as `512` or `0.5 GB`.
fn memory(text: &str) -> Option<i64> {
    units(text, "gb")
}

fn units(text: &str, unit: &str) -> Option<i64> {
    let lowered = text.trim().to_lowercase();
    let Some(amount) = lowered.strip_suffix(unit) else { return lowered.parse().ok() };
    let amount: f64 = amount.trim().parse().ok()?;
    let whole = (amount * 1024.0).round();
    // No machine is larger.
    (0.0..1e9).contains(&whole).then_some(whole as i64)
}

/// Returns the nearest smaller and the nearest greater value.
fn neighbours(wanted: i64, known: &[i64]) -> Vec<i64> {
    let below = known.iter().copied().filter(|value| *value < wanted).max();
    let above = known.iter().copied().filter(|value| *value > wanted).min();
    below.into_iter().chain(above).collect()
}

pub(super) fn fargate(task: &Task<'_>, findings: &mut Findings<'_>) {
    let (Some(cpu_node), true) = (task.node.get("cpu"), task.fargate()) else { return };
    let Some(units) = cpu_node.text().and_then(cpu) else { return };
    let windows = task.windows() == Some(true);
    let fits = |size: &&Size| !(windows && size.linux_only);
    let known: Vec<i64> = SIZES.iter().filter(fits).map(|size| size.cpu).collect();
    let system = if windows { "Fargate with Windows" } else { "Fargate" };
    let Some(size) = SIZES.iter().filter(fits).find(|size| size.cpu == units) else {
        let hint = format!("the nearest are {}", listed(&neighbours(units, &known)));
        let message = format!("{system} does not support `cpu` {}", shown(cpu_node));
        findings.add(cpu_node, "cpu", message, hint);
        return;
    };
    let Some(memory_node) = task.node.get("memory") else { return };
    let Some(wanted) = memory_node.text().and_then(memory) else { return };
    if !size.memories().contains(&wanted) {
        let message = format!(
            "{system} does not support `cpu` {} with `memory` {}",
            shown(cpu_node),
            shown(memory_node)
        );
        findings.add(memory_node, "memory", message, alternatives(size, wanted, windows));
    }
}

/// Returns the hint with the nearest memory sizes for a CPU size, and the CPU sizes that support the memory.
fn alternatives(size: &Size, wanted: i64, windows: bool) -> String {
    let near = listed(&neighbours(wanted, &size.memories()));
    let fits = |other: &&Size| !(windows && other.linux_only) && other.memories().contains(&wanted);
    let others: Vec<i64> = SIZES.iter().filter(fits).map(|other| other.cpu).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("; that memory is supported with `cpu` {}", listed(others)),
    };
    format!("the nearest `memory` for this `cpu`: {near}{others}")
}

pub(super) fn readable(task: &Task<'_>, findings: &mut Findings<'_>) {
    for (member, unit, form) in [
        ("cpu", "vcpu", "write CPU units (`256`) or `.25 vCPU`"),
        ("memory", "gb", "write MiB (`512`) or `0.5 GB`"),
    ] {
        let Some(node) = task.node.get(member) else { continue };
        let positive = |text: &str| units(text, unit).is_some_and(|value| value > 0);
        if node.text().is_some_and(|text| !text.is_empty() && !positive(text)) {
            let message = format!("`{member}` of the task is not a valid size: {}", shown(node));
            findings.add(node, member, message, form.to_owned());
        }
    }
}

/// Returns the memory that a container reserves: `memoryReservation`, or `memory` without one.
fn reserved(container: &Container<'_>) -> i64 {
    let positive = |member: &str| integer(container.node, member).filter(|value| *value > 0);
    if container.node.get("memoryReservation").is_some_and(Node::is_unknown) {
        return 0;
    }
    positive("memoryReservation").or_else(|| positive("memory")).unwrap_or(0)
}

pub(super) fn memory_fits(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(node) = task.node.get("memory") else { return };
    let Some(whole) = node.text().and_then(memory) else { return };
    for container in &task.containers {
        let Some(at) = container.node.get("memory") else { continue };
        if integer(container.node, "memory").is_some_and(|own| own > whole) {
            let message = format!("`memory` of {} is more than the task's", container.shown());
            let hint = "lower it, or raise `memory` of the task".to_owned();
            findings.add(at, container.path("memory"), message, hint);
            return;
        }
    }
    if total(task.containers.iter().map(reserved)) > whole {
        let hint = "lower `memory` or `memoryReservation` of the containers, or raise `memory` of the task";
        findings.add(node, "memory", "the containers take more memory than the task has", hint.to_owned());
    }
}

pub(super) fn cpu_fits(task: &Task<'_>, findings: &mut Findings<'_>) {
    let Some(node) = task.node.get("cpu") else { return };
    let Some(whole) = node.text().and_then(cpu) else { return };
    let cpus = task.containers.iter().filter_map(|container| integer(container.node, "cpu"));
    if total(cpus) > whole {
        let hint = "lower `cpu` of the containers, or raise `cpu` of the task".to_owned();
        findings.add(node, "cpu", "the containers take more `cpu` than the task has", hint);
    }
}

fn total(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}

/// Outside Fargate, either the task or each container must have memory.
pub(super) fn memory_missing(task: &Task<'_>, findings: &mut Findings<'_>) {
    let kinds = items(task.node, "requiresCompatibilities");
    let elsewhere = |kind: &Node| !matches!(kind.text(), Some("EC2" | "EXTERNAL"));
    let unknown = task.node.get("requiresCompatibilities").is_some_and(Node::is_unknown);
    let given = !absent(task.node, "memory") && text(task.node, "memory") != Some("");
    if given || unknown || kinds.iter().any(elsewhere) {
        return;
    }
    let lacks = |container: &Container<'_>, member: &str| {
        absent(container.node, member) || integer(container.node, member) == Some(0)
    };
    for container in &task.containers {
        if lacks(container, "memory") && lacks(container, "memoryReservation") {
            let message = format!("{} has no memory, and neither does the task", container.shown());
            let hint =
                "set `memory` on the task, or `memory` or `memoryReservation` on the container".to_owned();
            findings.add(container.node, container.path(""), message, hint);
        }
    }
}
