//! Plain scalars that Ruby reads as something else than ecsail: genova's files are read by Ruby's YAML. Pure.

/// Returns the text that Ruby makes of a plain scalar, if ecsail reads another one: `yes` is `true`, `0755` is `493`.
pub(super) fn ruby_text(plain: &str) -> Option<String> {
    let read = match plain.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" => "true".to_owned(),
        "no" | "off" | "false" => "false".to_owned(),
        _ => number(plain)?,
    };
    (read != plain).then_some(read)
}

/// Returns the number that Ruby reads, as it prints it.
fn number(plain: &str) -> Option<String> {
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain.strip_prefix('+').unwrap_or(plain)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let value = match digits.split_once('.') {
        Some((whole, part)) => decimal(whole, part)?,
        None if digits.contains(':') => sexagesimal(digits)?.to_string(),
        None => integer(digits)?.to_string(),
    };
    Some(format!("{sign}{value}"))
}

fn integer(digits: &str) -> Option<u64> {
    let plain = digits.replace([',', '_'], "");
    let based = |prefix: &str, base: u32| {
        let digits = plain.strip_prefix(prefix)?;
        u64::from_str_radix(digits, base).ok()
    };
    let is_octal =
        plain.len() > 1 && plain.starts_with('0') && plain.bytes().all(|digit| (b'0'..b'8').contains(&digit));
    if is_octal {
        return u64::from_str_radix(&plain, 8).ok();
    }
    let is_decimal = plain == "0" || !plain.starts_with('0');
    based("0x", 16).or_else(|| based("0b", 2)).or_else(|| plain.parse().ok().filter(|_| is_decimal))
}

/// Returns hours, minutes and seconds as seconds: `22:30` is 1350.
fn sexagesimal(digits: &str) -> Option<u64> {
    let mut value = 0_u64;
    for (at, part) in digits.split(':').enumerate() {
        let part: u64 = part.parse().ok().filter(|part| at == 0 || *part < 60)?;
        value = value.checked_mul(60)?.checked_add(part)?;
    }
    Some(value)
}

/// Returns a decimal number as Ruby prints it, without zeros at its end.
fn decimal(whole: &str, part: &str) -> Option<String> {
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) || part.is_empty() || whole.len() + part.len() > 15 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part = part.trim_end_matches('0');
    Some(format!("{whole}.{}", if part.is_empty() { "0" } else { part }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_that_ruby_reads_otherwise() {
        for (plain, read) in [
            ("yes", Some("true")),
            ("Off", Some("false")),
            ("True", Some("true")),
            ("true", None),
            ("0755", Some("493")),
            ("1_000", Some("1000")),
            ("0x1F", Some("31")),
            ("22:30", Some("1350")),
            ("1.10", Some("1.1")),
            ("2.0", None),
            ("2.00", Some("2.0")),
            ("+5", Some("5")),
            ("-007", Some("-7")),
            ("8080", None),
            ("08", None),
            ("1.2.3", None),
            ("12:75", None),
            ("y", None),
            ("web", None),
            ("10.0.0.1", None),
        ] {
            assert_eq!(ruby_text(plain).as_deref(), read, "{plain}");
        }
    }
}
