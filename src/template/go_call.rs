//! Translates calls of Go templates, as ecspresso and ecschedule have them, into the lines of Jinja to write in their place.

use super::values::is_identifier;

/// Returns the Jinja tag for the content of a Go tag; `None` for anything else.
pub(super) fn translated(inner: &str) -> Option<String> {
    let inner = inner.trim_matches('-').trim();
    let (keyword, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    match keyword {
        "end" if rest.is_empty() => Some("{% endif %}".to_owned()),
        "else" if rest.is_empty() => Some("{% else %}".to_owned()),
        "if" => Some(format!("{{% if {} %}}", condition(rest)?)),
        _ => Some(format!("{{{{ {} }}}}", pipeline(inner)?)),
    }
}

/// Returns the Jinja tag for a Go tag that gives the ARN of a secret, and the text behind it that names a key of it: `:url::`.
/// `None` without such a text.
pub(super) fn translated_with_key(inner: &str, behind: &str) -> Option<(String, String)> {
    let call = pipeline(inner.trim_matches('-').trim())?;
    let name = call.strip_prefix("secret(")?.strip_suffix(')')?;
    let key = behind.strip_prefix(':')?.split(':').next().filter(|key| !key.is_empty())?;
    let text = format!(":{key}::");
    behind.starts_with(&text).then(|| (format!("{{{{ secret({name}, key={}) }}}}", quoted(key)), text))
}

/// Returns the text that is kept as it is, in a raw block.
pub(super) fn raw(tag: &str) -> String {
    format!("{{% raw %}}{tag}{{% endraw %}}")
}

/// A part of a Go expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Pipe,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '|' => {
                found.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Pipe,
                });
                1
            }
            // Commas between arguments, as in a call of Jinja.
            ',' => 1,
            '\'' => {
                let end = rest[1..].find('\'')?;
                found.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            }
            '`' => {
                let end = rest[1..].find('`')?;
                found.push(Token::Text(rest[1..=end].to_owned()));
                end + 2
            }
            '"' => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                found.push(Token::Text(values.next()?.ok()?));
                values.byte_offset()
            }
            _ => {
                let is_word = |next: char| next.is_alphanumeric() || "_.-$".contains(next);
                let length = rest.find(|next| !is_word(next)).unwrap_or(rest.len());
                if length == 0 {
                    return None;
                }
                found.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest.get(length..)?.trim_start();
    }
    Some(found)
}

/// Returns the expression of a pipeline. `json_escape` is left out: values are bound, and need no escapes.
fn pipeline(text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut parts = tokens.split(|token| *token == Token::Pipe);
    let call = expression(parts.next()?)?;
    let only_escapes = parts.all(|part| part == [Token::Word("json_escape".to_owned())]);
    only_escapes.then_some(call)
}

fn condition(text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let Some((Token::Word(operator), operands)) = tokens.split_first() else { return expression(&tokens) };
    let sign = match operator.as_str() {
        "eq" => "==",
        "ne" => "!=",
        _ => return expression(&tokens),
    };
    let [left, right] = arguments(operands)?.try_into().ok()?;
    Some(format!("{left} {sign} {right}"))
}

/// Returns the Jinja expression of a call of a function.
fn expression(tokens: &[Token]) -> Option<String> {
    let (function, rest) = tokens.split_first()?;
    let Token::Word(function) = function else { return None };
    if let Some(name) = function.strip_prefix(".Env.").filter(|_| rest.is_empty()) {
        return Some(variable_named(name));
    }
    let rest = within_parentheses(rest);
    let given = arguments(rest)?;
    let one = || <[String; 1]>::try_from(given.clone()).ok().map(|[argument]| argument);
    match function.as_str() {
        "must_env" => variable(rest),
        "env" => with_defaults(rest),
        "ssm" => match given.as_slice() {
            [name] => Some(format!("ssm({name})")),
            [name, index] => Some(format!("ssm({name}, {index})")),
            _ => None,
        },
        "secretsmanager_arn" | "secrets" => Some(format!("secret({})", one()?)),
        "json_escape" => one(),
        _ => with_prefix(function, &given),
    }
}

/// Returns the arguments of a call in the form of Jinja: those between the parentheses around all of them.
fn within_parentheses(tokens: &[Token]) -> &[Token] {
    match tokens {
        [Token::Open, inner @ .., Token::Close]
            if !inner.iter().any(|token| matches!(token, Token::Open | Token::Close)) && is_texts(inner) =>
        {
            inner
        }
        _ => tokens,
    }
}

fn is_texts(tokens: &[Token]) -> bool {
    tokens.iter().all(|token| matches!(token, Token::Text(_)))
}

/// Returns the call of a function that may have the prefix of a plugin.
fn with_prefix(function: &str, given: &[String]) -> Option<String> {
    for (name, translation) in [
        ("tfstatef", "tfstate"),
        ("tfstate", "tfstate"),
        ("cfn_output", "cfn_output"),
        ("cfn_export", "cfn_export"),
    ] {
        let Some(prefix) = function.strip_suffix(name) else { continue };
        let is_state = translation == "tfstate";
        let mut given = given.to_vec();
        if name == "tfstatef" {
            given = vec![formatted(&given)?];
        }
        let prefix = prefix.trim_end_matches('_');
        if !prefix.is_empty() && is_state {
            given.push(format!("state='{prefix}'"));
        }
        return (!given.is_empty()).then(|| format!("{translation}({})", given.join(", ")));
    }
    None
}

/// Returns the expression of `printf`: the format in pieces, with the arguments between them.
fn formatted(given: &[String]) -> Option<String> {
    let (format, rest) = given.split_first()?;
    let quote = format.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let text = format.trim_matches(quote);
    let mut arguments = rest.iter();
    let mut pieces = Vec::new();
    let mut left = text;
    while let Some(at) = left.find('%') {
        let verb = left[at + 1..].chars().next()?;
        if !matches!(verb, 's' | 'd' | 'v') {
            return None;
        }
        if at > 0 {
            pieces.push(format!("{quote}{}{quote}", &left[..at]));
        }
        pieces.push(arguments.next()?.clone());
        left = &left[at + 2..];
    }
    if !left.is_empty() {
        pieces.push(format!("{quote}{left}{quote}"));
    }
    Some(pieces.join(" ~ "))
}

/// Returns the expressions of arguments.
fn arguments(tokens: &[Token]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            Token::Text(text) => found.push(quoted(text)),
            Token::Word(word) if word.parse::<f64>().is_ok() || word == "true" || word == "false" => {
                found.push(word.clone());
            }
            Token::Open => {
                let mut depth = 1;
                let start = at;
                while depth > 0 {
                    depth += match tokens.get(at)? {
                        Token::Open => 1,
                        Token::Close => -1,
                        _ => 0,
                    };
                    at += 1;
                }
                found.push(expression(&tokens[start..at - 1])?);
            }
            _ => return None,
        }
    }
    Some(found)
}

/// Returns a text as a literal of Jinja.
fn quoted(text: &str) -> String {
    if text.contains('\'') && !text.contains('"') {
        return format!("\"{}\"", text.replace('\\', "\\\\"));
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn variable_named(name: &str) -> String {
    if is_identifier(name) { format!("env.{name}") } else { format!("env[{}]", quoted(name)) }
}

fn variable(tokens: &[Token]) -> Option<String> {
    match tokens {
        [Token::Text(name)] => Some(variable_named(name)),
        _ => None,
    }
}

/// Returns the expression of `env A B 'text'`: the first variable with a value, else the last argument. An empty variable counts as
/// unset in ecspresso.
fn with_defaults(tokens: &[Token]) -> Option<String> {
    let texts: Option<Vec<&String>> =
        tokens.iter().map(|token| if let Token::Text(text) = token { Some(text) } else { None }).collect();
    let texts = texts?;
    let (last, names) = texts.split_last()?;
    let names = if names.is_empty() { std::slice::from_ref(last) } else { names };
    let fallback = names
        .iter()
        .rev()
        .fold(quoted(last), |fallback, name| format!("{} | default({fallback}, true)", variable_named(name)));
    Some(fallback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_line() {
        for (go, jinja) in [
            ("must_env `TAG`", "{{ env.TAG }}"),
            ("must_env \"TAG\"", "{{ env.TAG }}"),
            ("must_env('TAG')", "{{ env.TAG }}"),
            (".Env.TAG", "{{ env.TAG }}"),
            ("secrets('db')", "{{ secret('db') }}"),
            ("secretsmanager_arn('db')", "{{ secret('db') }}"),
            ("- must_env `A-B` -", "{{ env['A-B'] }}"),
            ("env `TAG` `latest`", "{{ env.TAG | default('latest', true) }}"),
            ("env `A` `B` `c`", "{{ env.A | default(env.B | default('c', true), true) }}"),
            ("env `TAG`", "{{ env.TAG | default('TAG', true) }}"),
            ("must_env `NAME` | json_escape", "{{ env.NAME }}"),
            ("ssm `/a/b`", "{{ ssm('/a/b') }}"),
            ("ssm `/a/list` 1", "{{ ssm('/a/list', 1) }}"),
            ("ssm (must_env `NAME`)", "{{ ssm(env.NAME) }}"),
            ("secretsmanager_arn `db`", "{{ secret('db') }}"),
            ("cfn_output `net` `Vpc`", "{{ cfn_output('net', 'Vpc') }}"),
            ("cfn_export `net-vpc`", "{{ cfn_export('net-vpc') }}"),
            ("tfstate `aws_subnet.a['x'].id`", "{{ tfstate(\"aws_subnet.a['x'].id\") }}"),
            ("tfstate `aws_subnet.a[0].id`", "{{ tfstate('aws_subnet.a[0].id') }}"),
            ("net_tfstate `output.vpc`", "{{ tfstate('output.vpc', state='net') }}"),
            (
                "tfstatef `aws_subnet.a['%s'].id` (must_env `AZ`)",
                "{{ tfstate(\"aws_subnet.a['\" ~ env.AZ ~ \"'].id\") }}",
            ),
            ("if eq (env `X` ``) `v`", "{% if env.X | default('', true) == 'v' %}"),
            ("else", "{% else %}"),
            ("end", "{% endif %}"),
        ] {
            assert_eq!(translated(go).as_deref(), Some(jinja), "{go}");
        }
    }

    #[test]
    fn a_key_behind_the_arn_of_a_secret_becomes_an_argument() {
        let line = ("{{ secret('db', key='url') }}".to_owned(), ":url::".to_owned());
        assert_eq!(translated_with_key("secretsmanager_arn `db` ", ":url::\n"), Some(line));
        for behind in ["", "\"", ":url", "::", "::AWSPREVIOUS:"] {
            assert_eq!(translated_with_key("secretsmanager_arn `db`", behind), None, "{behind}");
        }
    }

    #[test]
    fn other_texts_have_none() {
        for text in
            [".Name", "vars.x", "range .Items", "must_env `A` | upper", "ssm `a", "tfstatef `%q` 1", ""]
        {
            assert_eq!(translated(text), None, "{text}");
        }
    }
}
