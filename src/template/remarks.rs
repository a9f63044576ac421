//! Warnings about text in a template that is valid, and probably does something else than its author means.

use std::ops::Range;

use super::markers::MarkedTemplate;
use super::tags::{TagKind, TemplateTag};
use crate::document::problem::Problem;
use crate::document::source::SourceSpan;

/// Returns the warnings about one template.
pub(super) fn remarks(template: &MarkedTemplate) -> Vec<Problem> {
    let text: &str = &template.original;
    let mut problems = Vec::new();
    for tag in &template.tags {
        match tag.kind {
            TagKind::Comment => problems.extend(comment_over_lines(tag, text, template)),
            TagKind::Expression => {
                problems.extend(dollar_before(tag, text, template));
                problems.extend(spelled_literals(tag, text, template));
            }
            TagKind::Statement if tag.keyword(text) == "set" => {
                problems.extend(spelled_literals(tag, text, template));
            }
            TagKind::Statement | TagKind::EndOfText => {}
        }
    }
    problems
}

/// Returns the warning about a comment that begins inside a line and removes the lines after it.
fn comment_over_lines(tag: &TemplateTag, text: &str, template: &MarkedTemplate) -> Option<Problem> {
    let line_start = text[..tag.start].rfind('\n').map_or(0, |at| at + 1);
    let begins_inside = !text[line_start..tag.start].trim().is_empty();
    let lines = text[tag.start..tag.end].matches('\n').count();
    if !begins_inside || lines == 0 {
        return None;
    }
    let span = SourceSpan::new(template.source, tag.start..tag.start + 2);
    let message = format!("`{{#` begins a comment, which removes the text up to `#}}`, {lines} lines below");
    let hint = "put text that is no template between `{% raw %}` and `{% endraw %}`, or begin the comment on a line of its own";
    Some(Problem::warning(span, message).hint(hint.to_owned()))
}

/// Returns the warning about `${{ … }}`, as GitHub Actions write it: here the `$` stays.
fn dollar_before(tag: &TemplateTag, text: &str, template: &MarkedTemplate) -> Option<Problem> {
    if !text[..tag.start].ends_with('$') {
        return None;
    }
    let span = SourceSpan::new(template.source, tag.start - 1..tag.end);
    let hint = "remove the `$` if you mean the value alone".to_owned();
    Some(Problem::warning(span, "the `$` before `{{ … }}` stays in the text").hint(hint))
}

/// Returns the warnings about number literals whose text is not their spelling, such as `1.10`.
fn spelled_literals(tag: &TemplateTag, text: &str, template: &MarkedTemplate) -> Vec<Problem> {
    let mut problems = Vec::new();
    for range in number_literals(text, tag.start + 2..tag.end - 2) {
        let spelled = &text[range.clone()];
        let Some(plain) = engine_spelling(spelled).filter(|plain| plain != spelled) else { continue };
        if is_operand(text, &range, tag) {
            continue;
        }
        let span = SourceSpan::new(template.source, range);
        let message = format!("the number `{spelled}` becomes `{plain}` in text");
        problems.push(Problem::warning(span, message).hint(format!("write `'{spelled}'` to keep it")));
    }
    problems
}

/// Returns the places of the number literals in a range of a text, outside strings.
fn number_literals(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let is_word = |next: char| next.is_alphanumeric() || next == '_' || next == '.';
    let mut found = Vec::new();
    let mut at = within.start;
    while let Some(next) = text[at..within.end].chars().next() {
        if next == '"' || next == '\'' {
            let rest = &text[at + 1..within.end];
            at = rest.find(next).map_or(within.end, |end| at + 1 + end + 1);
        } else if is_word(next) {
            let length = text[at..within.end].find(|next| !is_word(next)).unwrap_or(within.end - at);
            if next.is_ascii_digit() {
                found.push(at..at + length);
            }
            at += length;
        } else {
            at += next.len_utf8();
        }
    }
    found
}

/// Returns the text that the engine makes of a number literal.
fn engine_spelling(spelled: &str) -> Option<String> {
    if let Ok(integer) = spelled.parse::<i64>() {
        return Some(integer.to_string());
    }
    let number = serde_json::Number::from_f64(spelled.parse().ok()?)?;
    Some(number.to_string())
}

/// Returns whether a literal is part of a calculation or a comparison, so that it does not become text.
fn is_operand(text: &str, range: &Range<usize>, tag: &TemplateTag) -> bool {
    let before = text[tag.start + 2..range.start].trim_end();
    let after = text[range.end..tag.end - 2].trim_start();
    let is_assignment =
        before.ends_with('=') && !before.ends_with("==") && !before.ends_with(['<', '>', '!']);
    let is_after_operator = before.ends_with(['+', '-', '*', '/', '%', '<', '>', '=']) && !is_assignment;
    is_after_operator || after.starts_with(['+', '-', '*', '/', '%', '<', '>', '=', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::source::SourceId;

    fn messages(text: &str) -> Vec<String> {
        let template = MarkedTemplate::new(SourceId::from_index(0), text);
        remarks(&template).into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_literal_that_would_lose_its_spelling_is_a_warning() {
        for text in ["{{ 1.10 }}", "{{ x | default(1.10) }}", "{% set a = 1.10 %}", "{{ [1.10] }}"] {
            assert_eq!(messages(text), ["the number `1.10` becomes `1.1` in text"], "{text}");
        }
        assert_eq!(messages("{{ 1e3 }}"), ["the number `1e3` becomes `1000.0` in text"]);
    }

    #[test]
    fn a_literal_of_a_calculation_or_in_quotes_is_none() {
        for text in
            ["{{ x * 1.10 }}", "{{ 1.10 < x }}", "{{ '1.10' }}", "{{ 1.5 }}{{ 80 }}", "{{ x == 1.10 }}"]
        {
            assert_eq!(messages(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_comment_inside_a_line_that_removes_lines_is_a_warning() {
        assert_eq!(messages("a: {# b\nc: d #}\n").len(), 1);
        assert_eq!(messages("{# b\nc #}\na: b {# c #}\n"), Vec::<String>::new());
    }

    #[test]
    fn the_dollar_of_another_template_language_is_a_warning() {
        assert_eq!(messages("a: ${{ b }}"), ["the `$` before `{{ … }}` stays in the text"]);
    }
}
