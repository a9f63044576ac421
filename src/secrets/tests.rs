use super::line::WIDTH;
use super::*;
use serde_json::json;

fn shown(rows: &[(&str, &str)]) {
    for (line, masked) in rows {
        assert_eq!(masked_line(line, &[]), *masked, "{line}");
    }
}

#[test]
fn a_log_message_without_secrets_keeps_its_lines() {
    let trace = "ERROR no\n  at main\n";
    assert_eq!(masked_log_message(trace, &[]), trace);
    let shown = masked_log_message("got hunter2\nas password=x1y2z3", &["hunter2".to_owned()]);
    assert_eq!(shown, "got (hidden) as password=(hidden)");
    let long = "a".repeat(4500);
    assert_eq!(masked_log_message(&long, &[]), format!("{}…", "a".repeat(4000)));
    assert_eq!(masked_log_message(&"line of text\n".repeat(20), &[]), "line of text\n".repeat(20));
}

#[test]
fn given_values_are_hidden_wherever_they_stand() {
    let secrets = ["hunter2".to_owned(), "hunter2-longer".to_owned(), "abc".to_owned()];
    assert_eq!(
        masked_line("login hunter2 at [hunter2-longer] for abc", &secrets),
        "login (hidden) at [(hidden)] for abc"
    );
    let lines = ["first line\nsecond line".to_owned()];
    assert_eq!(masked_line("got: second line!", &lines), "got: (hidden)!");
}

#[test]
fn pairs_with_secret_names_are_hidden() {
    shown(&[
        ("DB_PASSWORD=hunter2 starting", "DB_PASSWORD=(hidden) starting"),
        ("export API_TOKEN='a b c'; run", "export API_TOKEN='(hidden)'; run"),
        (r#"{"password": "hunter2", "user": "me"}"#, r#"{"password": "(hidden)", "user": "me"}"#),
        (r#"{"password":"hun\"ter2","user":"me"}"#, r#"{"password":"(hidden)","user":"me"}"#),
        (r#"msg="{\"api_key\":\"abc\",\"n\":1}""#, r#"msg="{\"api_key\":\"(hidden)\",\"n\":1}""#),
        ("db_password: hunter2, host: db", "db_password: (hidden), host: db"),
        ("password:hunter2", "password:(hidden)"),
        ("secret => 'x y'", "secret => '(hidden)'"),
        ("GET /login?token=abc123&next=/ 200", "GET /login?token=(hidden)&next=/ 200"),
        ("run --password hunter2 --verbose", "run --password (hidden) --verbose"),
        ("run --password=hunter2 --verbose", "run --password=(hidden) --verbose"),
        ("config: { auth = \"s3cr3t\", n = 1 }", "config: { auth = \"(hidden)\", n = 1 }"),
        ("token := abc123", "token := (hidden)"),
    ]);
}

#[test]
fn secrets_are_known_by_their_form() {
    shown(&[
        ("key AKIAIOSFODNN7EXAMPLE was used", "key (hidden) was used"),
        ("ASIAIOSFODNN7EXAMPLE", "(hidden)"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer (hidden)"),
        ("authorization: bearer secretword", "authorization: bearer (hidden)"),
        (r#""Authorization": "Basic dXNlcjpwYXNz""#, r#""Authorization": "Basic (hidden)""#),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZA=='", "curl -H 'Authorization: Basic (hidden)'"),
        ("sent Bearer a1B2c3D4e5", "sent Bearer (hidden)"),
        (
            "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U ok",
            "jwt (hidden) ok",
        ),
        ("id=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc", "id=(hidden)"),
        ("hook https://hooks.slack.com/services/T0123/B0123/abcDEF123 failed", "hook (hidden) failed"),
        ("\"https://discord.com/api/webhooks/123/abc_DEF-1\"", "\"(hidden)\""),
        ("vault hvs.CAESIJabcdefghijklmnop0123 ok", "vault (hidden) ok"),
        ("npm_abcdefghijklmnopqrstuvwxyz0123456789", "(hidden)"),
    ]);
}

#[test]
fn credentials_of_urls_are_hidden() {
    shown(&[
        ("connect postgres://u:p@h/db failed", "connect postgres://(hidden)@h/db failed"),
        ("connect postgres://u:p/w@h/db", "connect postgres://(hidden)@h/db"),
        ("clone https://ghtoken@github.com/a.git", "clone https://(hidden)@github.com/a.git"),
        ("url=redis://:pw@cache:6379/0", "url=redis://(hidden)@cache:6379/0"),
        ("a://u:p@h, b://u:q@i", "a://(hidden)@h, b://(hidden)@i"),
    ]);
}

#[test]
fn other_lines_stay_as_they_are() {
    for line in [
        "",
        "Listening on http://0.0.0.0:8080",
        "GET https://example.com/a?x=1#y 200 12ms",
        "npm GET https://registry.npmjs.org/@babel/core 200",
        "GET http://localhost:8080/@user/pkg@1.2.3",
        "FATAL: password authentication failed for user \"app\"",
        "Basic usage: app [options]",
        "Bearer authentication is required",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf",
        "not authorized to perform: secretsmanager:GetSecretValue on resource",
        "thread 'main' panicked at src/token::parse: oh",
        "token == expected",
        "has_token=true token=null password=",
        "2026-03-28T03:54:01.125Z INFO started in 12:30",
        "\tindented\twith tabs",
        "CACHE_KEY_PREFIX=web PORT=8080",
        "AKIA is a prefix; AKIAIOSFODNN7EXAMPLEX is too long",
        "eyJust a word. eyJ.a.b",
        "naïve café ✓ 日本語",
        "error: exec format error",
    ] {
        assert_eq!(masked_line(line, &[]), line);
    }
}

#[test]
fn a_line_does_not_steer_the_terminal() {
    shown(&[
        ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("\u{1b}]0;title\u{7}text", "text"),
        ("\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{9b}2Jgone", "gone"),
        ("\u{1b}(Bplain\u{1b}c", "plain"),
        ("a\rb\u{8}c\u{0}d", "abcd"),
        ("one\ntwo\n", "one two"),
        ("\u{202e}txt.exe", "txt.exe"),
        ("ends in \u{1b}", "ends in "),
        ("ends in \u{1b}[3", "ends in "),
        ("pass\u{1b}[0mword=hunter2", "password=(hidden)"),
    ]);
}

#[test]
fn long_lines_are_cut_after_secrets_are_hidden() {
    let line = format!("{}é", "a".repeat(399));
    assert_eq!(masked_line(&line, &[]), line);
    let cut = masked_line(&format!("{line}b"), &[]);
    assert_eq!(cut, format!("{line}…"));
    let secret = format!("{} password={}", "a".repeat(385), "s".repeat(50));
    assert_eq!(masked_line(&secret, &[]), format!("{} password=(hidd…", "a".repeat(385)));
}

#[test]
fn a_line_that_is_cut_long_before_its_end_shows_no_part_of_a_secret() {
    let pairs = "password=0123456789 ".repeat(190);
    let line = format!("{pairs}Bearer {}", "a1B2".repeat(400));
    let shown = masked_line(&line, &[]);
    assert!(shown.ends_with('…') && !shown.contains("a1B2") && !shown.contains("0123"), "{shown}");
    let odd = "-eyJ".repeat(60_000);
    assert_eq!(masked_line(&odd, &[]).chars().count(), WIDTH + 1);
}

#[test]
fn the_secrets_of_a_definition_are_its_secret_looking_values() {
    let definition = json!({"containerDefinitions": [
        {"name": "app", "environment": [
            {"name": "DB_PASSWORD", "value": "hunter2"},
            {"name": "API_TOKEN", "value": "longer-value"},
            {"name": "LOG_LEVEL", "value": "debug"},
            {"name": "SHORT_KEY", "value": "abc"},
            {"name": "ODD_TOKEN"},
        ]},
        {"name": "proxy", "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
        {"name": "bare"},
    ]});
    assert_eq!(secrets_of(&definition), ["longer-value", "hunter2"]);
    assert!(secrets_of(&json!({})).is_empty());
    assert!(secrets_of(&json!({"containerDefinitions": "odd"})).is_empty());
}

proptest::proptest! {
    #[test]
    fn whatever_stands_in_a_line_a_given_secret_does_not(before in LINE, after in LINE) {
        let masked = masked_line(&format!("{before}hunter2{after}"), &["hunter2".to_owned()]);
        proptest::prop_assert!(!masked.contains("hunter2"), "{}", masked);
        proptest::prop_assert!(masked.chars().all(|c| !c.is_control() || c == '\t'), "{:?}", masked);
        proptest::prop_assert!(masked.chars().count() <= WIDTH + 1);
    }

    #[test]
    fn the_value_of_a_password_is_hidden_whatever_stands_before_it(before in LINE) {
        let masked = masked_line(&format!("{before} db_password=zq7XwV9 ok"), &[]);
        proptest::prop_assert!(!masked.contains("zq7XwV9"), "{}", masked);
    }
}

/// Pieces that the search reacts to, in any order.
const LINE: &str =
    "([ =:@/?\"'\\\\{},.-]|token|eyJ|AKIA|Bearer |://|--|arn:|\u{1b}\\[|é|[a-zA-Z0-9]{1,6}){0,24}";

#[test]
fn a_reason_shows_no_secret_of_the_command_that_it_quotes() {
    let hidden = [
        (
            "exec: \"DB_PASSWORD=x1 ./run\": no such file",
            "exec: \"DB_PASSWORD=(hidden) ./run\": no such file",
        ),
        ("exec: \"run --token abc now\"", "exec: \"run --token (hidden) now\""),
        ("invalid env DB_PASSWORD: x1", "invalid env DB_PASSWORD: (hidden)"),
        ("dial postgres://user:pw@db.internal/x", "dial postgres://(hidden)@db.internal/x"),
        ("\u{1b}[31mred\u{1b}[0m\u{7}", "red"),
    ];
    for (text, expected) in hidden {
        assert_eq!(masked_reason(text), expected);
    }
}

#[test]
fn a_reason_keeps_what_only_sounds_like_a_secret() {
    let kept = [
        "unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry \
         auth: service call has been retried 3 time(s)",
        "failed to resolve ref registry.example/shop/auth:v1: registry.example/shop/auth:v1: not found",
        "failed to fetch secret arn:aws:secretsmanager:us-east-1:123456789012:secret:db/password-a1B2c3 from secrets \
         manager: AccessDeniedException",
        "not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:x",
        "no basic auth credentials",
    ];
    for text in kept {
        assert_eq!(masked_reason(text), text);
    }
    let long = "a reason ".repeat(200);
    assert_eq!(masked_reason(&long), long, "the tables read the end of it too");
}

#[test]
fn values_of_secret_variables_are_secrets_the_longest_first() {
    let variables = [
        ("A_TOKEN", "abcd"),
        ("DB_PASSWORD", "hunter2"),
        ("USE_TOKEN", "true"),
        ("PIN_KEY", "123"),
        ("LOG_LEVEL", "debug"),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(secrets_among(&environment), ["hunter2", "abcd"]);
}
