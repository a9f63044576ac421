//! Checks of CPU and memory: the task sizes of Fargate, and whether the containers fit into the task.

use super::CheckProblems;
use super::document_view::{
    ContainerView, TaskDefinitionView, is_absent, member_integer, member_items, member_text, quoted_list,
    quoted_scalar,
};
use crate::document::placeholder::placeholder_in;
use crate::document::tree::Node;

/// A CPU size of Fargate, and the memory that is valid with it: minimum, maximum and step in MiB.
struct FargateSize {
    cpu: i64,
    memory: (i64, i64, i64),
    is_linux_only: bool,
}

/// From the API reference, RegisterTaskDefinition.memory.
const SIZES: &[FargateSize] = &[
    FargateSize { cpu: 256, memory: (512, 2048, 512), is_linux_only: true },
    FargateSize { cpu: 512, memory: (1024, 4096, 1024), is_linux_only: true },
    FargateSize { cpu: 1024, memory: (2048, 8192, 1024), is_linux_only: false },
    FargateSize { cpu: 2048, memory: (4096, 16_384, 1024), is_linux_only: false },
    FargateSize { cpu: 4096, memory: (8192, 30_720, 1024), is_linux_only: false },
    FargateSize { cpu: 8192, memory: (16_384, 61_440, 4096), is_linux_only: true },
    FargateSize { cpu: 16_384, memory: (32_768, 122_880, 8192), is_linux_only: true },
];

impl FargateSize {
    fn valid_memory(&self) -> Vec<i64> {
        let (low, high, step) = self.memory;
        let all = (0..).map(|n| low + n * step).take_while(|memory| *memory <= high);
        // With 256 CPU units, 512, 1024 and 2048 MiB are valid, and 1536 is not.
        all.filter(|memory| self.cpu != 256 || *memory != 1536).collect()
    }
}

/// Returns the CPU units of a text such as `256` or `.25 vCPU`.
pub(super) fn parse_cpu(text: &str) -> Option<i64> {
    parse_units(text, "vcpu")
}

/// Returns the MiB of a text such as `512` or `0.5 GB`.
pub(super) fn parse_memory(text: &str) -> Option<i64> {
    parse_units(text, "gb")
}

/// Returns the CPU units of an argument of the command line.
///
/// # Errors
/// A text that is not a size of at least 1 unit.
pub fn cpu_argument(text: &str) -> Result<i64, String> {
    let wrong = || "not a size such as `256` or `.25 vCPU`".to_owned();
    parse_cpu(text).filter(|units| *units >= 1).ok_or_else(wrong)
}

/// Returns the MiB of an argument of the command line.
///
/// # Errors
/// A text that is not a size of at least 1 MiB.
pub fn memory_argument(text: &str) -> Result<i64, String> {
    let wrong = || "not a size such as `512` or `0.5 GB`".to_owned();
    parse_memory(text).filter(|size| *size >= 1).ok_or_else(wrong)
}

fn parse_units(text: &str, unit: &str) -> Option<i64> {
    let lowered = text.trim().to_lowercase();
    let Some(amount) = lowered.strip_suffix(unit) else { return lowered.parse().ok() };
    let amount: f64 = amount.trim().parse().ok()?;
    let whole = (amount * 1024.0).round();
    // No machine is larger.
    (0.0..1e9).contains(&whole).then_some(whole as i64)
}

/// Returns the nearest smaller and the nearest greater value.
fn nearest_values(wanted: i64, known: &[i64]) -> Vec<i64> {
    let below = known.iter().copied().filter(|value| *value < wanted).max();
    let above = known.iter().copied().filter(|value| *value > wanted).min();
    below.into_iter().chain(above).collect()
}

/// A size that Fargate does not support: where it is, and what is wrong.
pub(super) struct UnsupportedSize<'a> {
    pub(super) node: &'a Node,
    pub(super) member: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

pub(super) fn fargate_size(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    if !task.requires_fargate() {
        return;
    }
    if let Some(UnsupportedSize { node, member, message, hint }) = unsupported_size(task) {
        findings.add(node, member, message, hint);
    }
}

/// Returns the size of a task if Fargate does not support it.
pub(super) fn unsupported_size<'a>(task: &TaskDefinitionView<'a>) -> Option<UnsupportedSize<'a>> {
    let node = task.node.get("cpu")?;
    let units = node.text().and_then(parse_cpu).filter(|units| !is_newer_size(*units))?;
    let windows = task.runs_windows() == Some(true);
    let fits = |size: &&FargateSize| !(windows && size.is_linux_only);
    let known: Vec<i64> = SIZES.iter().filter(fits).map(|size| size.cpu).collect();
    let system = if windows { "Fargate with Windows" } else { "Fargate" };
    let Some(size) = SIZES.iter().filter(fits).find(|size| size.cpu == units) else {
        let hint = format!("the nearest are {}", quoted_list(&nearest_values(units, &known)));
        let message = format!("{system} does not support `cpu` {}", quoted_scalar(node));
        return Some(UnsupportedSize { node, member: "cpu", message, hint });
    };
    let memory = task.node.get("memory")?;
    let wanted = memory.text().and_then(parse_memory)?;
    if size.valid_memory().contains(&wanted) {
        return None;
    }
    let message = format!(
        "{system} does not support `cpu` {} with `memory` {}",
        quoted_scalar(node),
        quoted_scalar(memory)
    );
    Some(UnsupportedSize { node: memory, member: "memory", message, hint: size_hint(size, wanted, windows) })
}

/// Returns whether Fargate has tasks of this size, or may have.
pub(super) fn is_fargate_pair(cpu: i64, memory: i64) -> bool {
    is_newer_size(cpu) || SIZES.iter().any(|size| size.cpu == cpu && size.valid_memory().contains(&memory))
}

/// Returns whether a CPU size is greater than those that are documented, and may be a new one.
fn is_newer_size(units: i64) -> bool {
    let greatest = SIZES.iter().map(|size| size.cpu).max().unwrap_or_default();
    units > greatest && units % greatest == 0
}

pub(super) fn newer_fargate_size(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(node) = task.node.get("cpu").filter(|_| task.requires_fargate()) else { return };
    if node.text().and_then(parse_cpu).is_some_and(is_newer_size) {
        let message =
            format!("`cpu` {} is greater than the documented sizes of Fargate", quoted_scalar(node));
        let hint = "the greatest documented size is 16384; ECS decides about this one".to_owned();
        findings.add(node, "cpu", message, hint);
    }
}

/// Returns the hint with the nearest memory sizes for a CPU size, and the CPU sizes that support the memory.
fn size_hint(size: &FargateSize, wanted: i64, windows: bool) -> String {
    let near = quoted_list(&nearest_values(wanted, &size.valid_memory()));
    let fits =
        |other: &&FargateSize| !(windows && other.is_linux_only) && other.valid_memory().contains(&wanted);
    let others: Vec<i64> = SIZES.iter().filter(fits).map(|other| other.cpu).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("; that memory is supported with `cpu` {}", quoted_list(others)),
    };
    format!("the nearest `memory` for this `cpu`: {near}{others}")
}

pub(super) fn valid_units(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    for (member, unit, form) in [
        ("cpu", "vcpu", "write CPU units (`256`) or `.25 vCPU`"),
        ("memory", "gb", "write MiB (`512`) or `0.5 GB`"),
    ] {
        let Some(node) = task.node.get(member) else { continue };
        let positive = |text: &str| parse_units(text, unit).is_some_and(|value| value > 0);
        let Some(text) = node.text().filter(|text| !positive(text)) else { continue };
        // Fargate requires a size, and another check reports that it is missing.
        if placeholder_in(text).is_some() || text.is_empty() && task.requires_fargate() {
            continue;
        }
        let message = if text.is_empty() {
            format!("`{member}` of the task is empty")
        } else {
            format!("`{member}` of the task is not a valid size: {}", quoted_scalar(node))
        };
        findings.add(node, member, message, form.to_owned());
    }
}

/// Returns the memory that a container reserves: `memoryReservation`, or `memory` without one.
fn reserved_memory(container: &ContainerView<'_>) -> i64 {
    let positive = |member: &str| member_integer(container.node, member).filter(|value| *value > 0);
    if container.node.get("memoryReservation").is_some_and(Node::is_undefined) {
        return 0;
    }
    positive("memoryReservation").or_else(|| positive("memory")).unwrap_or(0)
}

pub(super) fn memory_fits(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(node) = task.node.get("memory") else { return };
    let Some(whole) = node.text().and_then(parse_memory) else { return };
    for container in &task.containers {
        let Some(at) = container.node.get("memory") else { continue };
        if member_integer(container.node, "memory").is_some_and(|own| own > whole) {
            let message = format!("`memory` of {} is more than the task's", container.label());
            let hint = "lower it, or raise `memory` of the task".to_owned();
            findings.add(at, container.member_path("memory"), message, hint);
            return;
        }
    }
    if saturating_sum(task.containers.iter().map(reserved_memory)) > whole {
        let hint = "lower `memory` or `memoryReservation` of the containers, or raise `memory` of the task";
        findings.add(node, "memory", "the containers take more memory than the task has", hint.to_owned());
    }
}

pub(super) fn cpu_fits(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let Some(node) = task.node.get("cpu") else { return };
    let Some(whole) = node.text().and_then(parse_cpu) else { return };
    let cpus = task.containers.iter().filter_map(|container| member_integer(container.node, "cpu"));
    if saturating_sum(cpus) > whole {
        let hint = "lower `cpu` of the containers, or raise `cpu` of the task".to_owned();
        findings.add(node, "cpu", "the containers take more `cpu` than the task has", hint);
    }
}

fn saturating_sum(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}

/// Outside Fargate, either the task or each container must have memory.
pub(super) fn memory_missing(task: &TaskDefinitionView<'_>, findings: &mut CheckProblems<'_>) {
    let kinds = member_items(task.node, "requiresCompatibilities");
    let elsewhere = |kind: &Node| !matches!(kind.text(), Some("EC2" | "EXTERNAL"));
    let unknown = task.node.get("requiresCompatibilities").is_some_and(Node::is_undefined);
    let given = !is_absent(task.node, "memory") && member_text(task.node, "memory") != Some("");
    if given || unknown || kinds.iter().any(elsewhere) {
        return;
    }
    let lacks = |container: &ContainerView<'_>, member: &str| {
        is_absent(container.node, member) || member_integer(container.node, member) == Some(0)
    };
    for container in &task.containers {
        if lacks(container, "memory") && lacks(container, "memoryReservation") {
            let message = format!("{} has no memory, and neither does the task", container.label());
            let hint =
                "set `memory` on the task, or `memory` or `memoryReservation` on the container".to_owned();
            findings.add(container.node, container.member_path(""), message, hint);
        }
    }
}
