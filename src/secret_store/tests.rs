use serde_json::json;

use super::*;

fn refused(name: &str, store: SecretStore) -> String {
    SecretName::parse(name, Some(store)).expect_err(name).message
}

#[test]
fn the_store_follows_from_the_name_unless_it_is_given() {
    let store = |name: &str, given| SecretName::parse(name, given).expect(name).store;
    assert_eq!(store("/shop/db", None), SecretStore::ParameterStore);
    assert_eq!(store("shop/db", None), SecretStore::SecretsManager);
    assert_eq!(store("shop-db", Some(SecretStore::ParameterStore)), SecretStore::ParameterStore);
    assert_eq!(store("/shop/db", Some(SecretStore::SecretsManager)), SecretStore::SecretsManager);
}

#[test]
fn names_that_aws_refuses_are_refused_with_the_reason() {
    let store = SecretStore::ParameterStore;
    let deep = "/a".repeat(16);
    let long = format!("/{}", "a".repeat(1011));
    for (name, why) in [
        ("/shop/db password", "a name has no blanks"),
        ("/shop/ü", "a name has no `\\u{fc}`"),
        ("/shop//db", "a part of it is empty"),
        ("/shop/", "a part of it is empty"),
        ("/", "a part of it is empty"),
        ("/AWS/db", "a name must not begin with `aws` or `ssm`"),
        ("ssm-db", "a name must not begin with `aws` or `ssm`"),
        ("shop/db", "a name with slashes must begin with one"),
        (&deep, "a name has at most 15 levels"),
        (&long, "it has 1012 characters, and at most 1011 are allowed"),
    ] {
        assert_eq!(refused(name, store), format!("parameter `{name}` cannot be written: {why}"));
    }
    let long = "a".repeat(513);
    for (name, why) in [
        ("", "it is empty"),
        ("shop:db", "a name has no `:`"),
        (long.as_str(), "it has 513 characters, and at most 512 are allowed"),
    ] {
        assert_eq!(
            refused(name, SecretStore::SecretsManager),
            format!("secret `{name}` cannot be written: {why}")
        );
    }
    assert!(refused("arn:aws:ssm:us-east-1:123456789012:parameter/a", store).ends_with("is an ARN"));
}

#[test]
fn values_that_the_stores_refuse_are_refused_without_a_part_of_them() {
    let parameter = SecretName::parse("/a", None).expect("good");
    let secret = SecretName::parse("a", None).expect("good");
    let message = |value: &str, name: &SecretName, is_advanced| {
        check_value(value, name, is_advanced).expect_err("it is refused").message
    };
    assert_eq!(message("", &parameter, false), "the value of parameter `/a` is empty");
    assert!(message("a\0b", &secret, false).contains("NUL"));
    let of = |length: usize| "x".repeat(length);
    assert_eq!(
        message(&of(4097), &parameter, false),
        "the value of parameter `/a` has 4097 bytes, and Parameter Store takes 4096"
    );
    assert!(message(&of(8193), &parameter, true).ends_with("takes 8192"));
    assert!(message(&of(65_537), &secret, false).ends_with("takes 65536"));
    for (value, name, is_advanced) in
        [(of(4096), &parameter, false), (of(8192), &parameter, true), (of(65_536), &secret, false)]
    {
        assert!(check_value(&value, name, is_advanced).is_ok());
    }
}

#[test]
fn one_line_end_is_left_out() {
    for (value, kept) in
        [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\nb", "a\nb"), ("a ", "a "), ("", "")]
    {
        assert_eq!(without_line_end(value), kept, "{value:?}");
    }
}

#[test]
fn the_entry_has_the_variable_and_what_ecs_takes() {
    for (name, variable) in
        [("/shop/db-password", "DB_PASSWORD"), ("shop/API.key", "API_KEY"), ("2fa", "_2FA")]
    {
        assert_eq!(variable_name(name), variable);
    }
    let parameter = SecretName::parse("/shop/db", None).expect("good");
    assert_eq!(SecretEntry::new("DB", &parameter, None).line(), "- { name: DB, valueFrom: /shop/db }");
    let secret = SecretName::parse("shop/db", None).expect("good");
    let entry = SecretEntry::new("DB", &secret, Some("arn:aws:secretsmanager:x"));
    assert_eq!(entry.line(), "- { name: DB, valueFrom: arn:aws:secretsmanager:x }");
    assert_eq!(entry.template.as_deref(), Some("{{ secret('shop/db') }}"));
}

#[test]
fn references_are_read_in_every_form_of_ecs() {
    let id = |text: &str| {
        SecretReference::parse(text).map(|found| (found.store, found.id.clone(), found.name().to_owned()))
    };
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/db-AbCdEf";
    for text in [arn, &format!("{arn}:password::"), &format!("{arn}::AWSPREVIOUS:")] {
        let expected = (SecretStore::SecretsManager, arn.to_owned(), "shop/db".to_owned());
        assert_eq!(id(text), Some(expected), "{text}");
    }
    for text in ["/shop/db", "/shop/db:3", "arn:aws:ssm:us-east-1:123456789012:parameter/shop/db:3"] {
        let expected = (SecretStore::ParameterStore, "/shop/db".to_owned(), "/shop/db".to_owned());
        assert_eq!(id(text), Some(expected), "{text}");
    }
    assert_eq!(id("arn:aws:s3:::bucket/key"), None);
    let plain = SecretReference::parse("arn:aws:ssm:us-east-1:123456789012:parameter/db").expect("good");
    assert_eq!(plain.parameter_names(), ["/db", "db"]);
}

#[test]
fn every_place_that_refers_to_a_secret_is_found() {
    let document = json!({ "containerDefinitions": [{
        "secrets": [{ "name": "A", "valueFrom": "/a" }],
        "logConfiguration": { "secretOptions": [{ "name": "token", "valueFrom": "/b" }] },
        "repositoryCredentials": { "credentialsParameter": "arn:c" },
    }] });
    let found: Vec<(String, String)> =
        secret_uses(&document).into_iter().map(|found| (found.variable, found.value_from)).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(found, [pair("A", "/a"), pair("token", "/b"), pair("", "arn:c")]);
}

#[test]
fn a_ciphertext_is_a_line_of_strict_base64_that_is_long_enough() {
    let long = "AQICAHh0".repeat(12);
    assert_eq!(ciphertext_in(&format!("${{{long}}}")), Some(Ciphertext(long.clone())));
    assert_eq!(ciphertext_in(&format!("a\n${{{long}}}\nb")), Some(Ciphertext(long.clone())));
    for value in [
        "${HOME}".to_owned(),
        long.clone(),
        format!("x${{{long}}}"),
        format!("${{{long}=}}"),
        format!("${{{long}\n}}"),
        format!("${{{}-_}}", &long[..94]),
    ] {
        assert_eq!(ciphertext_in(&value), None, "{value}");
    }
    assert_eq!(Ciphertext::parse(&format!(" ${{{long}}}\n")), Some(Ciphertext(long.clone())));
    assert_eq!(Ciphertext::parse(&long), Some(Ciphertext(long)));
}

#[test]
fn a_key_is_given_as_both_tools_take_it() {
    for (given, taken) in [
        ("shop", "alias/shop"),
        ("alias/shop", "alias/shop"),
        ("mrk-1234", "mrk-1234"),
        ("arn:aws:kms:us-east-1:123456789012:alias/shop", "arn:aws:kms:us-east-1:123456789012:alias/shop"),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", "1234abcd-12ab-34cd-56ef-1234567890ab"),
    ] {
        assert_eq!(key_name(given), taken);
    }
}
