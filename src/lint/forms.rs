//! The forms that the values of some members must have: images, ARNs, roles, references to secrets, sizes.
//!
//! A value that has not the form of its member is a placeholder that was not replaced, or a mistake; each of the two has
//! its own checks. Members with free text have no form.

use super::CheckProblems;
use super::document_view::quoted_scalar;
use super::sizes;
use crate::document::arn::{Arn, is_account, is_region, is_role};
use crate::document::member_walk::{MemberValue, MemberVisitor, walk};
use crate::document::model::DocumentKind;
use crate::document::placeholder::placeholder_in;
use crate::document::tree::Node;
use crate::image;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Image,
    Arn,
    /// The name or the ARN of a role.
    Role,
    /// The ARN of a secret or a parameter, or the name of a parameter.
    SecretReference,
    Cpu,
    Memory,
    Region,
    LogGroup,
    /// An id with this prefix and hexadecimal digits.
    Id(&'static str),
    /// Letters, digits, `_` and `-`.
    Name,
    /// Anything that is no placeholder between marks.
    Unmarked,
}

/// Members with a form of their own. All other members whose names end in `Arn` are ARNs.
const FORMS: &[(&str, &str, Form)] = &[
    ("ContainerDefinition", "image", Form::Image),
    ("RegisterTaskDefinitionRequest", "taskRoleArn", Form::Role),
    ("RegisterTaskDefinitionRequest", "executionRoleArn", Form::Role),
    ("TaskOverride", "taskRoleArn", Form::Role),
    ("TaskOverride", "executionRoleArn", Form::Role),
    ("CreateServiceRequest", "role", Form::Role),
    ("Secret", "valueFrom", Form::SecretReference),
    ("RepositoryCredentials", "credentialsParameter", Form::SecretReference),
    ("EnvironmentFile", "value", Form::Arn),
    ("AdvancedConfiguration", "productionListenerRule", Form::Arn),
    ("AdvancedConfiguration", "testListenerRule", Form::Arn),
    ("RegisterTaskDefinitionRequest", "cpu", Form::Cpu),
    ("RegisterTaskDefinitionRequest", "memory", Form::Memory),
    ("TaskOverride", "cpu", Form::Cpu),
    ("TaskOverride", "memory", Form::Memory),
    ("RegisterTaskDefinitionRequest", "family", Form::Name),
    ("ContainerDefinition", "name", Form::Name),
    ("Volume", "name", Form::Name),
    ("AwsVpcConfiguration", "subnets", Form::Id("subnet-")),
    ("AwsVpcConfiguration", "securityGroups", Form::Id("sg-")),
    ("EFSVolumeConfiguration", "fileSystemId", Form::Id("fs-")),
    ("EFSAuthorizationConfig", "accessPointId", Form::Id("fsap-")),
    ("LogConfigurationOptionsMap", "awslogs-region", Form::Region),
    ("LogConfigurationOptionsMap", "awslogs-group", Form::LogGroup),
];

/// Members whose value is the user's own text, in which nothing is a placeholder for certain.
const FREE_TEXTS: &[(&str, &str)] = &[
    ("KeyValuePair", "name"),
    ("KeyValuePair", "value"),
    ("Secret", "name"),
    ("Tag", "key"),
    ("Tag", "value"),
    ("SystemControl", "value"),
    ("ContainerDefinition", "command"),
    ("ContainerDefinition", "entryPoint"),
    ("ContainerDefinition", "workingDirectory"),
    ("ContainerOverride", "command"),
    ("HealthCheck", "command"),
    ("HostVolumeProperties", "sourcePath"),
    ("MountPoint", "containerPath"),
    ("Device", "hostPath"),
    ("Device", "containerPath"),
    ("Tmpfs", "containerPath"),
    ("PlacementConstraint", "expression"),
    ("TaskDefinitionPlacementConstraint", "expression"),
];

/// Returns the form of a member, or `None` for free text.
fn form_of(structure: &str, member: &str) -> Option<Form> {
    if let Some((.., form)) = FORMS.iter().find(|(shape, name, _)| (*shape, *name) == (structure, member)) {
        return Some(*form);
    }
    let is_free = FREE_TEXTS.contains(&(structure, member))
        || matches!(structure, "DockerLabelsMap" | "StringMap" | "FirelensConfigurationOptionsMap")
        || structure == "LogConfigurationOptionsMap"
        || structure.is_empty();
    match member.ends_with("Arn") {
        _ if is_free => None,
        true => Some(Form::Arn),
        false => Some(Form::Unmarked),
    }
}

fn has_form(form: Form, text: &str) -> bool {
    match form {
        Form::Image => image::syntax_error(text).is_none() && image::has_valid_ecr_host(text),
        Form::Arn => Arn::parse(text).is_some(),
        Form::Role => is_role(text),
        Form::SecretReference => reference_error(text).is_none(),
        Form::Cpu => sizes::parse_cpu(text).is_some(),
        Form::Memory => sizes::parse_memory(text).is_some(),
        Form::Region => is_region(text),
        Form::LogGroup => text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/#".contains(c)),
        Form::Name => text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
        Form::Id(prefix) => text
            .strip_prefix(prefix)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())),
        Form::Unmarked => !has_marks(text),
    }
}

/// Returns whether a text contains a mark of a placeholder that no name or id contains.
fn has_marks(text: &str) -> bool {
    text.contains('<') || text.contains("${") || text.contains('%')
}

/// Returns the placeholder of a value that has not the form of its member.
fn placeholder_of<'a>(value: &MemberValue<'a>) -> Option<&'a str> {
    let form = form_of(value.structure, value.member)?;
    let text = value.node.text().filter(|text| !text.is_empty() && !has_form(form, text))?;
    placeholder_in(text)
}

/// Returns what is wrong with a reference to a secret: the ARN of a secret or a parameter, or the name of a parameter.
fn reference_error(text: &str) -> Option<String> {
    if !text.starts_with("arn:") {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let wrong = text.chars().find(|c| !allowed(*c))?;
        return Some(format!("the name of a parameter may not contain `{wrong}`"));
    }
    let Some(arn) = Arn::parse(text) else {
        return Some("is not an ARN with six parts: `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`".to_owned());
    };
    if !is_account(arn.account) || !is_region(arn.region) {
        return Some("is an ARN without a region or an account".to_owned());
    }
    let parts = arn.resource.split(':').count();
    match arn.service {
        "secretsmanager" if !arn.resource.starts_with("secret:") => {
            Some("is not the ARN of a secret: `…:secret:NAME`".to_owned())
        }
        // The agent takes an ARN with none or all of: the JSON key, the version stage and the version id.
        "secretsmanager" if parts != 2 && parts != 5 => Some(format!(
            "has {} after the name of the secret, but none or three are needed: `…:secret:NAME:KEY:STAGE:ID`",
            if parts == 3 { "one part".to_owned() } else { format!("{} parts", parts.saturating_sub(2)) }
        )),
        "ssm" if !arn.resource.starts_with("parameter/") => {
            Some("is not the ARN of a parameter: `…:parameter/NAME`".to_owned())
        }
        _ => None,
    }
}

/// Calls back with the scalars of some forms that do not have them, unless they are placeholders.
struct FormVisitor<'a> {
    forms: &'static [Form],
    report: &'a mut dyn FnMut(&MemberValue<'_>, &str),
}

impl MemberVisitor for FormVisitor<'_> {
    fn value(&mut self, value: MemberValue<'_>) {
        let Some(form) = form_of(value.structure, value.member).filter(|form| self.forms.contains(form))
        else {
            return;
        };
        let Some(text) = value.node.text().filter(|text| !has_form(form, text)) else { return };
        if placeholder_of(&value).is_none() {
            (self.report)(&value, text);
        }
    }
}

fn check_forms(
    node: &Node,
    kind: DocumentKind,
    forms: &'static [Form],
    report: &mut dyn FnMut(&MemberValue<'_>, &str),
) {
    walk(node, kind.input_shape(), &mut FormVisitor { forms, report });
}

pub(super) fn arns(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    check_forms(node, kind, &[Form::Arn], &mut |value, text| {
        if text.is_empty() {
            return;
        }
        let message = format!("`{}` is not an ARN: {}", value.member, quoted_scalar(value.node));
        let hint =
            "write all six parts: `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`; an account has twelve digits";
        findings.add(value.node, value.path(), message, hint.to_owned());
    });
}

pub(super) fn roles(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    check_forms(node, kind, &[Form::Role], &mut |value, text| {
        let message = if text.is_empty() {
            format!("`{}` is empty", value.member)
        } else {
            format!("`{}` is not a role: {}", value.member, quoted_scalar(value.node))
        };
        let hint = "write it as `app` or `arn:aws:iam::123456789012:role/app`, or remove it".to_owned();
        findings.add(value.node, value.path(), message, hint);
    });
}

pub(super) fn secret_references(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    check_forms(node, kind, &[Form::SecretReference], &mut |value, text| {
        let Some(wrong) = reference_error(text).filter(|_| !text.is_empty()) else { return };
        let message = format!("`{}` {wrong}", value.member);
        let hint = "write the ARN of a secret or of a parameter, or the name of a parameter; the ARN of a value in a JSON \
                    secret ends in `:KEY::`";
        findings.add(value.node, value.path(), message, hint.to_owned());
    });
}

pub(super) fn images(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    check_forms(node, kind, &[Form::Image], &mut |value, text| {
        let Some(wrong) = image::syntax_error(text).filter(|_| !text.is_empty()) else { return };
        let message = format!("{} is not a valid image: {wrong}", quoted_scalar(value.node));
        let hint = "write it as `repository:tag` or `registry/repository@sha256:…`".to_owned();
        findings.add(value.node, value.path(), message, hint);
    });
}

/// Reports placeholders where a value of another form is needed.
pub(super) fn placeholders(node: &Node, kind: DocumentKind, findings: &mut CheckProblems<'_>) {
    walk(node, kind.input_shape(), &mut PlaceholderVisitor { findings });
}

struct PlaceholderVisitor<'a, 'b> {
    findings: &'a mut CheckProblems<'b>,
}

impl MemberVisitor for PlaceholderVisitor<'_, '_> {
    fn value(&mut self, value: MemberValue<'_>) {
        let Some(found) = placeholder_of(&value) else { return };
        let shown = if value.node.span.from_expression { "{{ … }}" } else { found };
        let message = format!("`{shown}` in `{}` is a placeholder that was not replaced", value.member);
        let hint = "write the value here, or an expression such as `{{ vars.account }}`".to_owned();
        self.findings.add(value.node, value.path(), message, hint);
    }
}

/// Returns whether a member of a document still holds a placeholder, which has a check of its own.
pub(super) fn is_placeholder(node: &Node) -> bool {
    node.text().is_some_and(|text| has_marks(text) && placeholder_in(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_referred_to_by_two_or_five_parts_after_the_account() {
        let arn = |rest: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:{rest}");
        for good in [
            "DB_PASSWORD",
            "/shop/db",
            "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db",
            &arn("secret:db-AbCdEf"),
            &arn("secret:db-AbCdEf:password::"),
            &arn("secret:db-AbCdEf:::9d4cb84b"),
        ] {
            assert_eq!(reference_error(good), None, "{good}");
        }
        for bad in [
            "shop db",
            "arn:aws:ssm:eu-west-1:123456789012",
            "arn:aws:ssm:eu-west-1:123456789012:db",
            "arn:aws:secretsmanager:::secret:db",
            &arn("db"),
            &arn("secret:db-AbCdEf:password"),
            &arn("secret:db-AbCdEf::"),
            &arn("secret:db-AbCdEf:password:::"),
        ] {
            assert!(reference_error(bad).is_some(), "{bad}");
        }
    }
}
