//! The forms of ARNs, accounts, regions and roles in documents. Never checks whether anything exists.

/// The characters besides letters and digits in the path and name of a role (API reference, IAM `CreateRole`).
const ROLE_PUNCTUATION: &str = "_+=,.@-";
/// The maximum length of the name of a role, from the same page.
const MAX_ROLE_NAME: usize = 64;

/// The parts of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub service: &'a str,
    /// Empty for a global resource.
    pub region: &'a str,
    /// Empty for a resource whose name is global.
    pub account: &'a str,
    /// Everything after the account; it may contain further colons.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Returns the parts of a text that has the form of an ARN.
    pub fn parse(text: &'a str) -> Option<Arn<'a>> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else { return None };
        let valid = partition.starts_with("aws")
            && !service.is_empty()
            && (region.is_empty() || is_region(region))
            && (account.is_empty() || account == "aws" || is_account(account))
            && !resource.is_empty();
        valid.then_some(Arn { service, region, account, resource })
    }
}

/// Returns whether a text is the id of an account: twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text has the form of a region, such as `eu-west-1` or `us-gov-east-1`.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [names @ .., number] = parts.as_slice() else { return false };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    names.len() >= 2
        && names.iter().all(is_word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text is the name of a role, with or without a path, or the ARN of a role.
pub fn is_role(text: &str) -> bool {
    let name = if text.starts_with("arn:") {
        match Arn::parse(text) {
            Some(Arn { service: "iam", region: "", account, resource }) if is_account(account) => {
                resource.strip_prefix("role/").unwrap_or_default()
            }
            _ => "",
        }
    } else {
        text.trim_start_matches('/')
    };
    name.split('/').all(is_role_name)
}

fn is_role_name(text: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || ROLE_PUNCTUATION.contains(character);
    (1..=MAX_ROLE_NAME).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_of_their_form() {
        for arn in [
            "arn:aws:s3:::bucket/prod.env",
            "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf:password::",
            "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/shop/db",
        ] {
            assert!(Arn::parse(arn).is_some(), "{arn}");
        }
        for arn in [
            "db",
            "arn:aws:ssm:eu-west-1:123456789012",
            "arn:aws:ssm:eu-west-1:1234:parameter/db",
            "arn:aws:ssm:region:123456789012:parameter/db",
            "arn:aws:ssm:eu-west-1:ACCOUNT_ID:parameter/db",
        ] {
            assert_eq!(Arn::parse(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_role_is_a_name_or_the_arn_of_a_role() {
        for role in
            ["scheduler", "/service-role/starts+it", "arn:aws-cn:iam::123456789012:role/a/b", &"r".repeat(64)]
        {
            assert!(is_role(role), "{role}");
        }
        for role in [
            "",
            "a b",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:iam::12:role/a",
            "role:a",
            &"r".repeat(65),
        ] {
            assert!(!is_role(role), "{role}");
        }
    }
}
