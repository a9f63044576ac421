//! What a Jsonnet program asks for while it runs: the files that it imports, and native functions.

use rsjsonnet_lang::interner::InternedStr;
use rsjsonnet_lang::program::{
    Callbacks, EvalStackTraceItem, ImportError, NativeError, Program, Thunk, Value,
};
use rsjsonnet_lang::span::{SpanContextId, SpanId};

use super::{JsonnetFiles, LoadedFiles, ProgramError, errors, load, natives};
use crate::lookup::LookupFailure;
use crate::template::TemplateContext;

/// The files that a program may import, and what has happened in it.
pub(super) struct ImportedFiles<'a> {
    files: JsonnetFiles<'a>,
    /// `None` where functions give the Go templates that would ask for their values.
    pub(super) context: Option<&'a TemplateContext>,
    pub(super) loaded: LoadedFiles,
    /// Why a native function has failed.
    pub(super) failure: Option<LookupFailure>,
    /// Why an imported file could not be loaded.
    pub(super) import_failure: Option<String>,
    /// Whether a value was asked for that is not known yet.
    pub(super) met_unknown: bool,
}

impl<'a> ImportedFiles<'a> {
    pub(super) fn new(files: JsonnetFiles<'a>, context: Option<&'a TemplateContext>) -> ImportedFiles<'a> {
        ImportedFiles {
            files,
            context,
            loaded: Vec::new(),
            failure: None,
            import_failure: None,
            met_unknown: context.is_some_and(TemplateContext::has_missing_names),
        }
    }

    /// Returns the text of a file.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let id = self.files.names.get(name)?;
        Some(self.files.sources.get(*id).text.as_str())
    }

    pub(super) fn remember(&mut self, span: SpanContextId, name: &str) {
        self.loaded.push((span, name.to_owned()));
    }

    /// Returns the name of the file that a span is in.
    pub(super) fn file_of(&self, span: SpanId, program: &Program<'_>) -> Option<&str> {
        let (context, ..) = program.span_manager().get_span(span);
        self.loaded.iter().find(|(known, _)| *known == context).map(|(_, name)| name.as_str())
    }

    /// Returns the source of a file.
    pub(super) fn source_of(&self, name: &str) -> Option<crate::document::source::SourceId> {
        self.files.names.get(name).copied()
    }

    /// Returns the name of an imported file: its path is relative to the file that imports it.
    fn imported_name(&self, from: SpanId, path: &str, program: &Program<'_>) -> Option<String> {
        let importing = self.file_of(from, program)?;
        let name = super::imports::imported_name(importing, path);
        self.files.names.contains_key(&name).then_some(name)
    }
}

impl<'p> Callbacks<'p> for ImportedFiles<'_> {
    fn import(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Thunk<'p>, ImportError> {
        let name = self.imported_name(from, path, program).ok_or(ImportError)?;
        let text = self.text(&name).ok_or(ImportError)?;
        match load(&name, text, program, self) {
            Ok(thunk) => Ok(thunk),
            Err(ProgramError::Load(error)) => {
                self.import_failure = Some(format!("`{name}`: {}", errors::load_message(&error)));
                Err(ImportError)
            }
            Err(ProgramError::Evaluation(_)) => Err(ImportError),
        }
    }

    fn import_str(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<String, ImportError> {
        let name = self.imported_name(from, path, program).ok_or(ImportError)?;
        self.text(&name).map(str::to_owned).ok_or(ImportError)
    }

    fn import_bin(
        &mut self,
        program: &mut Program<'p>,
        from: SpanId,
        path: &str,
    ) -> Result<Vec<u8>, ImportError> {
        self.import_str(program, from, path).map(String::into_bytes)
    }

    fn trace(&mut self, _program: &mut Program<'p>, message: &str, _stack: &[EvalStackTraceItem]) {
        tracing::debug!("std.trace: {message}");
    }

    fn native_call(
        &mut self,
        program: &mut Program<'p>,
        name: InternedStr<'p>,
        arguments: &[Value<'p>],
    ) -> Result<Value<'p>, NativeError> {
        let found = match self.context {
            Some(context) => natives::call(name.value(), arguments, context),
            None => Ok(Some(natives::go_tag(name.value(), arguments))),
        };
        match found {
            Ok(Some(value)) => Ok(natives::value_of(&value, program)),
            Ok(None) => {
                self.met_unknown = true;
                Ok(Value::string(&super::unknown_text()))
            }
            Err(failure) => {
                self.failure = Some(failure);
                Err(NativeError)
            }
        }
    }
}
