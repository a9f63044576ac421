//! The values of a Compose file: durations, sizes, ports, commands and variables. Pure.
//!
//! The source is the Compose specification: `05-services.md`, `11-extension.md` (durations, sizes) and `12-interpolation.md`.

use crate::yaml_writer::expression;

/// Returns a duration such as `1m30s` in seconds, rounded up.
pub(in crate::import) fn seconds(text: &str) -> Option<u64> {
    let mut total = 0_f64;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let factor = match &unit[..length] {
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number * factor;
        rest = &unit[length..];
    }
    // At most some days: the number fits.
    (total < 1e9 && !text.trim().is_empty()).then_some(total.ceil() as u64)
}

/// Returns a size such as `1.5gb` in MiB, rounded up. A number alone is in bytes.
pub(in crate::import) fn mebibytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let factor = match &text[digits..] {
        "" | "b" => 1.0 / 1_048_576.0,
        "k" | "kb" | "kib" => 1.0 / 1024.0,
        "m" | "mb" | "mib" => 1.0,
        "g" | "gb" | "gib" => 1024.0,
        _ => return None,
    };
    let value = (number * factor).ceil();
    (value < 1e9).then_some(value as u64)
}

/// Returns a number of CPUs such as `0.5` as CPU units.
pub(super) fn cpu_units(text: &str) -> Option<u64> {
    let cpus: f64 = text.trim().parse().ok()?;
    (0.0..1000.0).contains(&cpus).then(|| (cpus * 1024.0).round() as u64)
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) container: u16,
    pub(super) protocol: String,
    /// The port on the host, as it is written.
    pub(super) published: Option<String>,
}

/// Returns the ports of the short form `[[IP:]HOST:]CONTAINER[/PROTOCOL]`; a range gives several.
pub(super) fn short_ports(text: &str) -> Option<Vec<Port>> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (published, container) = match text.rsplit_once(':') {
        Some((host, container)) => {
            (Some(host.rsplit(':').next().unwrap_or(host)).filter(|host| !host.is_empty()), container)
        }
        None => (None, text),
    };
    let (first, last) = container.split_once('-').unwrap_or((container, container));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    // ECS takes 100 ports of a container.
    if last < first || last - first > 100 {
        return None;
    }
    let port = |container: u16| Port {
        container,
        protocol: protocol.to_owned(),
        published: published.map(str::to_owned),
    };
    Some((first..=last).map(port).collect())
}

/// Returns the words of a command that is written as one text, as a shell splits it.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (c, quote) {
            ('\\', None) => word.get_or_insert_default().extend(letters.next()),
            ('\\', Some('"')) => {
                let next = letters.next().unwrap_or('\\');
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => found.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    found
}

/// Returns a text in which variables (`$X`, `${X}`, `${X:-default}`) are expressions of ecsail, and `$$` is a dollar sign. Adds the
/// names of the variables.
pub(super) fn interpolated(text: &str, variables: &mut Vec<String>) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        written.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            written.push('$');
            rest = after;
            continue;
        }
        let Some((name, value, after)) = variable(after) else {
            written.push('$');
            rest = after;
            continue;
        };
        written.push_str(&expression(&value));
        if !variables.contains(&name) {
            variables.push(name);
        }
        rest = after;
    }
    written + rest
}

/// Returns the name of the variable at the start of a text, the expression for it, and the text behind it.
fn variable(text: &str) -> Option<(String, String, &str)> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let braced = text.strip_prefix('{');
    let inner = braced.unwrap_or(text);
    let length = inner.find(|c: char| !is_letter(c)).unwrap_or(inner.len());
    let name = &inner[..length];
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if braced.is_none() {
        return Some((name.to_owned(), format!("env.{name}"), &inner[length..]));
    }
    let (modifier, after) = inner[length..].split_once('}')?;
    let default = modifier
        .strip_prefix(":-")
        .map(|text| (text, ", true"))
        .or_else(|| modifier.strip_prefix('-').map(|text| (text, "")));
    let value = match default {
        // A default that has a variable itself, or a quote, stays with Compose.
        Some((text, _)) if text.contains(['$', '\'', '\\', '\u{E000}']) => return None,
        Some((text, also_empty)) => format!("env.{name} | default('{text}'{also_empty})"),
        None if modifier.is_empty() || modifier.starts_with([':', '?']) => format!("env.{name}"),
        None => return None,
    };
    Some((name.to_owned(), value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_sizes_and_cpus() {
        assert_eq!(
            [seconds("30s"), seconds("1m30s"), seconds("1500ms"), seconds("1h"), seconds("5"), seconds("")],
            [Some(30), Some(90), Some(2), Some(3600), None, None]
        );
        assert_eq!(
            [mebibytes("512m"), mebibytes("1.5GB"), mebibytes("64M"), mebibytes("1048577"), mebibytes("x")],
            [Some(512), Some(1536), Some(64), Some(2), None]
        );
        assert_eq!([cpu_units("0.5"), cpu_units("2"), cpu_units("-1")], [Some(512), Some(2048), None]);
    }

    #[test]
    fn ports_in_the_short_form() {
        let port = |container, protocol: &str, published: Option<&str>| Port {
            container,
            protocol: protocol.to_owned(),
            published: published.map(str::to_owned),
        };
        assert_eq!(short_ports("80"), Some(vec![port(80, "tcp", None)]));
        assert_eq!(short_ports("127.0.0.1:8080:80/udp"), Some(vec![port(80, "udp", Some("8080"))]));
        assert_eq!(short_ports("3000-3001"), Some(vec![port(3000, "tcp", None), port(3001, "tcp", None)]));
        assert_eq!(short_ports("a:b"), None);
        assert_eq!(short_ports("1-65000"), None);
    }

    #[test]
    fn commands_are_split_as_a_shell_does() {
        assert_eq!(
            words(r#"sh -c 'echo "a b"' --x="c d" e\ f "g\"h""#),
            ["sh", "-c", "echo \"a b\"", "--x=c d", "e f", "g\"h"]
        );
        assert_eq!(words("''"), [""]);
        assert_eq!(words(" "), [""; 0]);
    }

    #[test]
    fn variables_become_expressions() {
        let mut names = Vec::new();
        let text = interpolated("$A-${B}-${C:-x y}-${D-z}-${E:?must}-$$F-${G:-$H}-$1", &mut names);
        let expected = ["env.A", "env.B", "env.C | default('x y', true)", "env.D | default('z')", "env.E"]
            .map(expression);
        assert_eq!(text, format!("{}-$F-${{G:-{}}}-$1", expected.join("-"), expression("env.H")));
        assert_eq!(names, ["A", "B", "C", "D", "E", "H"]);
    }
}
