//! Translates calls of Go templates, as ecspresso and ecschedule have them, into the lines of Jinja to write in their place.

use std::collections::{BTreeMap, BTreeSet};

use super::values::is_identifier;

/// What the functions of a Go template stand for, beside those of ecspresso itself.
#[derive(Clone, Debug, Default)]
pub struct GoFunctions {
    /// The functions that run commands.
    pub external: BTreeSet<String>,
    /// The names of Terraform states, by the prefix of their functions without `_`; a prefix that is not in it is a name.
    pub states: BTreeMap<String, String>,
    /// The variable that `--tag` takes the place of.
    pub tag_variable: Option<String>,
}

/// Returns the Jinja tag for the content of a Go tag; `None` for anything else.
pub(super) fn translated(inner: &str) -> Option<String> {
    translated_with(inner, &GoFunctions::default())
}

/// Returns the Jinja tag for the content of a Go tag, with functions of plugins.
pub fn translated_with(inner: &str, functions: &GoFunctions) -> Option<String> {
    let (before, after) = (inner.starts_with('-'), inner.len() > 1 && inner.ends_with('-'));
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    let (open, close) = (if before { "-" } else { "" }, if after { "-" } else { "" });
    let statement = |text: String| format!("{{%{open} {text} {close}%}}");
    if let Some(comment) = inner.strip_prefix("/*").and_then(|text| text.strip_suffix("*/")) {
        return (!comment.contains("{#") && !comment.contains("#}"))
            .then(|| format!("{{#{open}{comment}{close}#}}"));
    }
    let (keyword, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let translator = Translator { functions };
    match keyword {
        "end" if rest.is_empty() => Some(statement("endif".to_owned())),
        "else" if rest.is_empty() => Some(statement("else".to_owned())),
        "else" => {
            let condition = rest.trim().strip_prefix("if ")?;
            Some(statement(format!("elif {}", translator.condition(condition)?)))
        }
        "if" => Some(statement(format!("if {}", translator.condition(rest)?))),
        _ => {
            if let Some((name, value)) = assignment(inner) {
                return Some(statement(format!("set {name} = {}", translator.pipeline(value)?)));
            }
            Some(format!("{{{{{open} {} {close}}}}}", translator.pipeline(inner)?))
        }
    }
}

/// Returns the Jinja expression of a Go expression with a value; `None` for anything else.
pub fn expression_of(inner: &str, functions: &GoFunctions) -> Option<String> {
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    Translator { functions }.pipeline(inner)
}

/// Returns the variables that a Go tag reads with `env` and `must_env`, each with its default.
pub fn variables(inner: &str) -> Vec<(String, Option<String>)> {
    let Some(tokens) = tokens(inner.trim_matches('-')) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let texts: Vec<String> = tokens[at + 1..]
            .iter()
            .map_while(|next| if let Token::Text(text) = next { Some(text.clone()) } else { None })
            .collect();
        match (token, texts.as_slice()) {
            (Token::Word(word), [name, ..]) if word == "must_env" => found.push((name.clone(), None)),
            (Token::Word(word), [name]) if word == "env" => found.push((name.clone(), Some(name.clone()))),
            (Token::Word(word), [names @ .., last]) if word == "env" => {
                found.extend(names.iter().map(|name| (name.clone(), Some(last.clone()))));
            }
            _ => {}
        }
    }
    found
}

/// Returns the text of a Go tag that is only a text, as in ``{{ `{{.Name}}` }}``.
pub fn literal(inner: &str) -> Option<String> {
    match tokens(inner.trim_matches('-'))?.as_slice() {
        [Token::Text(text)] => Some(text.clone()),
        _ => None,
    }
}

/// Returns the text that is kept as it is, in a raw block.
pub fn raw(tag: &str) -> String {
    format!("{{% raw %}}{tag}{{% endraw %}}")
}

fn assignment(inner: &str) -> Option<(String, &str)> {
    let (name, value) = inner.strip_prefix('$')?.split_once(":=")?;
    let name = name.trim();
    is_identifier(name).then(|| (name.to_owned(), value))
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

/// An argument of a call: a text, or an expression of Jinja.
#[derive(Clone, Debug)]
enum Argument {
    Text(String),
    Expression(String),
}

impl Argument {
    fn jinja(&self) -> String {
        match self {
            Argument::Text(text) => quoted(text),
            Argument::Expression(expression) => expression.clone(),
        }
    }

    fn text(&self) -> Option<&String> {
        match self {
            Argument::Text(text) => Some(text),
            Argument::Expression(_) => None,
        }
    }
}

/// Translates the expressions of one template.
struct Translator<'a> {
    functions: &'a GoFunctions,
}

impl Translator<'_> {
    /// Returns the expression of a pipeline.
    fn pipeline(&self, text: &str) -> Option<String> {
        self.piped(&tokens(text)?)
    }

    /// Returns the expression of a pipeline: each part gets the value before it as its last argument.
    fn piped(&self, tokens: &[Token]) -> Option<String> {
        let mut value: Option<String> = None;
        let mut start = 0;
        let mut depth = 0;
        for at in 0..=tokens.len() {
            match tokens.get(at) {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(Token::Pipe) if depth == 0 => {}
                Some(_) => continue,
                None => {}
            }
            if matches!(tokens.get(at), Some(Token::Open | Token::Close)) {
                continue;
            }
            value = Some(self.expression(&tokens[start..at], value.take())?);
            start = at + 1;
        }
        value
    }

    fn condition(&self, text: &str) -> Option<String> {
        let condition = self.piped(&tokens(text)?)?;
        Some(without_outer_brackets(&condition).to_owned())
    }

    /// Returns the Jinja expression of a call of a function; `piped` is one more argument.
    fn expression(&self, tokens: &[Token], piped: Option<String>) -> Option<String> {
        let function = match tokens {
            [Token::Word(function), ..] => function,
            // A value in brackets, or a variable.
            _ => {
                let [value] = <[Argument; 1]>::try_from(self.arguments(tokens)?).ok()?;
                return piped.is_none().then(|| value.jinja()).filter(|_| value.text().is_none());
            }
        };
        if let Some(name) = function.strip_prefix('$') {
            return (tokens.len() == 1 && piped.is_none() && is_identifier(name)).then(|| name.to_owned());
        }
        let mut given = self.arguments(&tokens[1..])?;
        given.extend(piped.map(Argument::Expression));
        if function == "plugin" {
            // ecschedule calls functions with a prefix by their name.
            let (name, rest) = given.split_first()?;
            return self.call(name.text()?, rest);
        }
        self.call(function, &given)
    }

    fn call(&self, function: &str, given: &[Argument]) -> Option<String> {
        let texts: Vec<String> = given.iter().map(Argument::jinja).collect();
        match (function, texts.as_slice()) {
            ("must_env", [_]) => Some(self.variable(given.first()?.text()?)),
            ("env", _) => self.with_defaults(given),
            ("json_escape", [value]) => Some(value.clone()),
            ("printf", [_, ..]) => formatted(&texts),
            ("eq" | "ne" | "lt" | "le" | "gt" | "ge", [left, right]) => {
                let sign = match function {
                    "eq" => "==",
                    "ne" => "!=",
                    "lt" => "<",
                    "le" => "<=",
                    "gt" => ">",
                    _ => ">=",
                };
                Some(format!("({left} {sign} {right})"))
            }
            ("eq", [value, others @ ..]) if others.len() > 1 => {
                Some(format!("({value} in [{}])", others.join(", ")))
            }
            ("and" | "or", [_, _, ..]) => Some(format!("({})", texts.join(&format!(" {function} ")))),
            ("not", [value]) => Some(format!("(not {value})")),
            _ if self.functions.external.contains(function) => {
                let name = quoted(function);
                Some(format!("external({})", [vec![name], texts].concat().join(", ")))
            }
            _ => with_prefix(function, &texts, self.functions),
        }
    }

    /// Returns the expressions of arguments.
    fn arguments(&self, tokens: &[Token]) -> Option<Vec<Argument>> {
        let mut found: Vec<Argument> = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                Token::Text(text) => found.push(Argument::Text(text.clone())),
                Token::Word(word) if word.parse::<f64>().is_ok() || word == "true" || word == "false" => {
                    found.push(Argument::Expression(word.clone()));
                }
                Token::Word(word) if word.starts_with('$') => {
                    let name = word.trim_start_matches('$');
                    found.push(Argument::Expression(is_identifier(name).then(|| name.to_owned())?));
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
                    let mut value = self.piped(&tokens[start..at - 1])?;
                    if let Some(Token::Word(field)) = tokens.get(at)
                        && field.starts_with('.')
                    {
                        value.push_str(field);
                        at += 1;
                    }
                    found.push(Argument::Expression(value));
                }
                _ => return None,
            }
        }
        Some(found)
    }

    fn variable(&self, name: &str) -> String {
        if self.functions.tag_variable.as_deref() == Some(name) {
            return "tag".to_owned();
        }
        if is_identifier(name) { format!("env.{name}") } else { format!("env[{}]", quoted(name)) }
    }

    /// Returns the expression of `env A B 'text'`: the first variable with a value, else the last argument. An empty variable
    /// counts as unset in ecspresso.
    fn with_defaults(&self, given: &[Argument]) -> Option<String> {
        let (last, names) = given.split_last()?;
        let names: Option<Vec<&String>> = names.iter().map(Argument::text).collect();
        let mut names = names?;
        if names.is_empty() {
            names.push(last.text()?);
        }
        let fallback = names.iter().rev().fold(last.jinja(), |fallback, name| {
            format!("{} | default({fallback}, true)", self.variable(name))
        });
        Some(fallback)
    }
}

/// Returns the call of a function that may have the prefix of a plugin.
fn with_prefix(function: &str, given: &[String], functions: &GoFunctions) -> Option<String> {
    for (name, translation, most) in [
        ("tfstatef", "tfstate", usize::MAX),
        ("tfstate", "tfstate", 1),
        ("cfn_output", "cfn_output", 2),
        ("cfn_export", "cfn_export", 1),
        ("ssm", "ssm", 2),
        ("secretsmanager_arn", "secret", 1),
    ] {
        let Some(prefix) = function.strip_suffix(name) else { continue };
        let mut given = given.to_vec();
        if given.is_empty() || given.len() > most {
            return None;
        }
        if name == "tfstatef" {
            given = vec![formatted(&given)?];
        }
        let prefix = prefix.trim_end_matches('_');
        let default = if prefix.is_empty() { "default" } else { prefix };
        let state = functions.states.get(prefix).map_or(default, String::as_str);
        if state != "default" && translation == "tfstate" {
            given.push(format!("state='{state}'"));
        }
        return Some(format!("{translation}({})", given.join(", ")));
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
        pieces.push(grouped(arguments.next()?));
        left = &left[at + 2..];
    }
    if !left.is_empty() {
        pieces.push(format!("{quote}{left}{quote}"));
    }
    if arguments.next().is_some() {
        return None;
    }
    Some(pieces.join(" ~ "))
}

/// Returns an expression without brackets around the whole of it.
fn without_outer_brackets(expression: &str) -> &str {
    let Some(inner) = expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) else {
        return expression;
    };
    let mut depth = 0;
    for character in inner.chars() {
        depth += match character {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return expression;
        }
    }
    inner
}

/// Returns an expression in brackets where an operator beside it would bind more closely.
fn grouped(expression: &str) -> String {
    if expression.contains(" | ") && !expression.starts_with('(') {
        format!("({expression})")
    } else {
        expression.to_owned()
    }
}

/// Returns a text as a literal of Jinja.
fn quoted(text: &str) -> String {
    if text.contains('\'') && !text.contains('"') {
        return format!("\"{}\"", text.replace('\\', "\\\\"));
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_its_line() {
        for (go, jinja) in [
            ("must_env `TAG`", "{{ env.TAG }}"),
            ("must_env \"TAG\"", "{{ env.TAG }}"),
            ("- must_env `A-B` -", "{{- env['A-B'] -}}"),
            ("env `TAG` `latest`", "{{ env.TAG | default('latest', true) }}"),
            ("env `A` `B` `c`", "{{ env.A | default(env.B | default('c', true), true) }}"),
            ("env `TAG`", "{{ env.TAG | default('TAG', true) }}"),
            ("env `TAG` (must_env `B`)", "{{ env.TAG | default(env.B, true) }}"),
            ("must_env `NAME` | json_escape", "{{ env.NAME }}"),
            ("must_env `NAME` | printf `a-%s`", "{{ 'a-' ~ env.NAME }}"),
            ("printf `%s/x` (env `A` `b`)", "{{ (env.A | default('b', true)) ~ '/x' }}"),
            ("ssm `/a/b`", "{{ ssm('/a/b') }}"),
            ("ssm `/a/list` 1", "{{ ssm('/a/list', 1) }}"),
            ("ssm (must_env `NAME`)", "{{ ssm(env.NAME) }}"),
            ("ssm (printf `/%s/x` (must_env `ENV`))", "{{ ssm('/' ~ env.ENV ~ '/x') }}"),
            ("secretsmanager_arn `db`", "{{ secret('db') }}"),
            ("cfn_output `net` `Vpc`", "{{ cfn_output('net', 'Vpc') }}"),
            ("cfn_export `net-vpc`", "{{ cfn_export('net-vpc') }}"),
            ("tfstate `aws_subnet.a['x'].id`", "{{ tfstate(\"aws_subnet.a['x'].id\") }}"),
            ("tfstate `aws_subnet.a[0].id`", "{{ tfstate('aws_subnet.a[0].id') }}"),
            ("net_tfstate `output.vpc`", "{{ tfstate('output.vpc', state='net') }}"),
            ("plugin `net_tfstate` `output.vpc`", "{{ tfstate('output.vpc', state='net') }}"),
            (
                "tfstatef `aws_subnet.a['%s'].id` (must_env `AZ`)",
                "{{ tfstate(\"aws_subnet.a['\" ~ env.AZ ~ \"'].id\") }}",
            ),
            ("if eq (env `X` ``) `v`", "{% if env.X | default('', true) == 'v' %}"),
            ("if env `X` ``", "{% if env.X | default('', true) %}"),
            (
                "if and (eq (must_env `A`) `1`) (not (eq (must_env `B`) `2`))",
                "{% if (env.A == '1') and (not (env.B == '2')) %}",
            ),
            ("else if ne (must_env `X`) `v`", "{% elif env.X != 'v' %}"),
            ("$x := must_env `A`", "{% set x = env.A %}"),
            ("$x", "{{ x }}"),
            ("/* a note */", "{# a note #}"),
            ("else", "{% else %}"),
            ("end", "{% endif %}"),
            ("- end -", "{%- endif -%}"),
        ] {
            assert_eq!(translated(go).as_deref(), Some(jinja), "{go}");
        }
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            ".Name",
            "vars.x",
            "range .Items",
            "must_env `A` | upper",
            "ssm `a",
            "tfstatef `%q` 1",
            "",
            "`x`",
        ] {
            assert_eq!(translated(text), None, "{text}");
        }
    }

    #[test]
    fn functions_of_plugins_and_the_variable_of_the_tag_are_given() {
        let functions = GoFunctions {
            external: ["jq".to_owned()].into(),
            states: [(String::new(), "web".to_owned()), ("net".to_owned(), "default".to_owned())].into(),
            tag_variable: Some("TAG".to_owned()),
        };
        for (go, jinja) in [
            ("(jq `.a` `b`).field", "{{ external('jq', '.a', 'b').field }}"),
            ("jq `.a`", "{{ external('jq', '.a') }}"),
            ("tfstate `a.b`", "{{ tfstate('a.b', state='web') }}"),
            ("net_tfstate `a.b`", "{{ tfstate('a.b') }}"),
            ("must_env `TAG`", "{{ tag }}"),
            ("env `TAG` `dev`", "{{ tag | default('dev', true) }}"),
        ] {
            assert_eq!(translated_with(go, &functions).as_deref(), Some(jinja), "{go}");
        }
    }

    #[test]
    fn variables_have_their_defaults() {
        let found = |text: &str| variables(text);
        assert_eq!(found("must_env `A`"), [("A".to_owned(), None)]);
        assert_eq!(found("env `A` `b`"), [("A".to_owned(), Some("b".to_owned()))]);
        assert_eq!(found("tfstatef `x[%s]` (must_env `A`)"), [("A".to_owned(), None)]);
        assert_eq!(literal(" `{{.Name}}` ").as_deref(), Some("{{.Name}}"));
    }
}
