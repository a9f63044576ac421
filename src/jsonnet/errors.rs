//! The problems of Jsonnet programs: what failed, and where.

use rsjsonnet_lang::program::{
    AnalyzeError, EvalError, EvalErrorKind, EvalStackTraceItem, LoadError, Program,
};
use rsjsonnet_lang::span::SpanId;

use super::ProgramError;
use super::callbacks::ImportedFiles;
use crate::document::problem::Problem;
use crate::document::source::{SourceId, SourceSpan};

/// Returns the problem of a program that failed; `file` is that of the program.
pub(super) fn problem(
    error: &ProgramError,
    file: SourceId,
    program: &Program<'_>,
    imported: &ImportedFiles<'_>,
) -> Problem {
    let (message, spans) = match error {
        ProgramError::Load(error) => (load_message(error), load_span(error).into_iter().collect()),
        ProgramError::Evaluation(error) => (evaluation_message(error, imported), evaluation_spans(error)),
    };
    let located = spans.into_iter().find_map(|span| {
        let name = imported.file_of(span, program)?;
        let (_, start, end) = program.span_manager().get_span(span);
        Some(SourceSpan::new(imported.source_of(name)?, start..end))
    });
    let span = located.unwrap_or_else(|| SourceSpan::new(file, 0..0));
    Problem::error(span, message).hint(hint(error, imported))
}

fn hint(error: &ProgramError, imported: &ImportedFiles<'_>) -> Option<String> {
    if let Some(failure) = &imported.failure {
        return failure.hint.clone();
    }
    let ProgramError::Evaluation(error) = error else { return None };
    match &error.kind {
        EvalErrorKind::UnknownExtVar { name } => {
            let Some(context) = imported.context else {
                return Some(format!("give it with `--ext-str {name}=VALUE`"));
            };
            let known = || format!("the variables are {}", context.root_names().join(", "));
            Some(context.missing_hint(name).unwrap_or_else(known))
        }
        EvalErrorKind::ImportFailed { .. } if imported.import_failure.is_none() => {
            Some("a path is relative to the file that imports it".to_owned())
        }
        _ => None,
    }
}

fn evaluation_message(error: &EvalError, imported: &ImportedFiles<'_>) -> String {
    match (&error.kind, &imported.failure, &imported.import_failure) {
        (EvalErrorKind::NativeCallFailed, Some(failure), _) => failure.message.clone(),
        (EvalErrorKind::ImportFailed { .. }, _, Some(failure)) => failure.clone(),
        (EvalErrorKind::ImportFailed { path, .. }, ..) => format!("failed to import `{path}`: no such file"),
        (EvalErrorKind::ExplicitError { message, .. } | EvalErrorKind::Other { message, .. }, ..) => {
            message.clone()
        }
        (EvalErrorKind::AssertFailed { message, .. }, ..) => match message {
            Some(message) => format!("assertion failed: {message}"),
            None => "assertion failed".to_owned(),
        },
        (EvalErrorKind::UnknownObjectField { field_name, .. }, ..) => {
            format!("no field named `{field_name}`")
        }
        (EvalErrorKind::UnknownExtVar { name }, ..) => format!("external variable `{name}` is not set"),
        (EvalErrorKind::StackOverflow | EvalErrorKind::InfiniteRecursion, ..) => {
            "the program calls itself without an end".to_owned()
        }
        (EvalErrorKind::ManifestFunction, ..) => "the result has a function in it".to_owned(),
        (EvalErrorKind::CallParamNotBound { param_name, .. }, ..) => {
            format!("a call lacks the argument `{param_name}`")
        }
        (kind, ..) => words_of(&format!("{kind:?}")),
    }
}

/// Returns the name of a variant as words: `CondIsNotBool` is `cond is not bool`.
fn words_of(debug: &str) -> String {
    let name = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let mut words = String::new();
    for next in name.chars() {
        if next.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(next.to_lowercase());
    }
    words
}

/// Returns the places of a failure, the innermost first.
fn evaluation_spans(error: &EvalError) -> Vec<SpanId> {
    let own = match &error.kind {
        EvalErrorKind::ExplicitError { span, .. }
        | EvalErrorKind::AssertFailed { span, .. }
        | EvalErrorKind::UnknownObjectField { span, .. }
        | EvalErrorKind::ImportFailed { span, .. }
        | EvalErrorKind::CondIsNotBool { span, .. }
        | EvalErrorKind::FieldOfNonObject { span } => Some(*span),
        EvalErrorKind::InvalidBinaryOpTypes { span, .. }
        | EvalErrorKind::CallParamNotBound { span, .. }
        | EvalErrorKind::Other { span, .. } => *span,
        _ => None,
    };
    let of_trace = error.stack_trace.iter().rev().filter_map(|item| match item {
        EvalStackTraceItem::Expr { span }
        | EvalStackTraceItem::Variable { span, .. }
        | EvalStackTraceItem::Import { span } => Some(*span),
        EvalStackTraceItem::Call { span, .. }
        | EvalStackTraceItem::ArrayItem { span, .. }
        | EvalStackTraceItem::ObjectField { span, .. } => *span,
        _ => None,
    });
    own.into_iter().chain(of_trace).collect()
}

/// Returns why a file is no Jsonnet.
pub(super) fn load_message(error: &LoadError) -> String {
    match error {
        LoadError::Lex(error) => format!("invalid Jsonnet: {}", words_of(&format!("{error:?}"))),
        LoadError::Parse(rsjsonnet_lang::parser::ParseError::Expected { instead, .. }) => {
            format!("invalid Jsonnet: unexpected {}", words_of(&format!("{instead:?}")))
        }
        LoadError::Analyze(AnalyzeError::UnknownVariable { name, .. }) => {
            format!("no variable named `{name}`")
        }
        LoadError::Analyze(error) => format!("invalid Jsonnet: {}", words_of(&format!("{error:?}"))),
    }
}

fn load_span(error: &LoadError) -> Option<SpanId> {
    use rsjsonnet_lang::lexer::LexError;
    match error {
        LoadError::Parse(rsjsonnet_lang::parser::ParseError::Expected { span, .. }) => Some(*span),
        LoadError::Lex(
            LexError::InvalidChar { span, .. }
            | LexError::UnfinishedString { span }
            | LexError::InvalidEscapeInString { span, .. }
            | LexError::UnfinishedMultilineComment { span }
            | LexError::InvalidTextBlockTermination { span },
        ) => Some(*span),
        LoadError::Analyze(
            AnalyzeError::UnknownVariable { span, .. }
            | AnalyzeError::RepeatedFieldName { repeated_span: span, .. }
            | AnalyzeError::RepeatedLocalName { repeated_span: span, .. }
            | AnalyzeError::ComputedImportPath { span },
        ) => Some(*span),
        _ => None,
    }
}
