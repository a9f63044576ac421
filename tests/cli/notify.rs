//! Who is told of a release: what receivers get, that no output has their addresses, and that no deploy waits for them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use ecsail::aws::webhook::signature;
use ecsail_sandbox::Scenario;
use serde_json::{Value, json};

use crate::lock;
use crate::support::{DEFINITION, Folder, MANIFEST, Run, World, service};

/// A receiver on this machine, which answers with these responses in turn, and then with the last one.
struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<Message>>>,
}

#[derive(Clone, Debug)]
struct Message {
    path: String,
    headers: Vec<(String, String)>,
    text: String,
}

impl Message {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

impl Receiver {
    fn start(responses: &[&str]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let received: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (messages, responses) =
            (Arc::clone(&received), responses.iter().map(|response| (*response).to_owned()).collect());
        std::thread::spawn(move || serve(&listener, &messages, responses));
        Receiver { address, received }
    }

    fn messages(&self) -> Vec<Message> {
        self.received.lock().expect("messages").clone()
    }
}

fn serve(listener: &TcpListener, messages: &Mutex<Vec<Message>>, responses: Vec<String>) {
    for (index, stream) in listener.incoming().flatten().enumerate() {
        let mut stream = stream;
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let headers: Vec<(String, String)> = lines
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0)];
        let _ = reader.read_exact(&mut body);
        let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&body).into_owned();
        messages.lock().expect("messages").push(Message { path, headers, text });
        let response = responses.get(index).or(responses.last()).expect("a response");
        let _ = stream.write_all(response.as_bytes());
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
const GONE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 10\r\nconnection: close\r\n\r\nno_service";
const BUSY: &str =
    "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATH: &str = "/services/T0/B0/Xq7mZkWv9";

/// Returns a world with this `notify`, and the address of a receiver in the environment.
fn world(notify: &str, receiver: &Receiver, scenario: Scenario) -> World {
    let manifest = format!("{MANIFEST}notify:\n{notify}");
    let files = [("ecsail.yml", manifest.as_str()), ("web.yml", DEFINITION)];
    let breaker =
        json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    let mut world = World::with(scenario, &files, &[service("web", breaker)]);
    let address = format!("{}{PATH}", receiver.address);
    world.folder = std::mem::replace(&mut world.folder, Folder::new(&[]))
        .env("HOOK_ADDRESS", &address)
        .env("HOOK_SECRET", SECRET)
        .env("GITHUB_ACTOR", "alice <!channel>");
    world
}

#[track_caller]
fn shows_no_address(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("Xq7mZkWv9") && !text.contains("MfKQ9r8G"), "{text}");
    }
}

#[test]
fn slack_is_told_of_the_start_and_the_end() {
    let receiver = Receiver::start(&[OK]);
    let world = world("  - slack: { env: HOOK_ADDRESS }\n", &receiver, Scenario::Steady);
    let run = world.run(&["deploy", "--tag", "v2", "--yes", "-v"]).exits(0);
    shows_no_address(&run);
    let messages = receiver.messages();
    let texts: Vec<Value> = messages.iter().map(|message| message.body()["text"].clone()).collect();
    assert_eq!(texts, ["Deploy of shop to v2 started", "Deploy of shop to v2 succeeded"]);
    assert!(messages.iter().all(|message| message.path == PATH && !message.text.contains("<!channel>")));
    assert!(messages[1].text.contains("service web: succeeded (web:2)"), "{}", messages[1].text);
}

#[test]
fn a_webhook_gets_signed_events() {
    let receiver = Receiver::start(&[BUSY, OK]);
    let notify = "  - { webhook: { env: HOOK_ADDRESS }, secret: { env: HOOK_SECRET }, on: [rolled_back] }\n";
    let world = world(notify, &receiver, Scenario::Crash);
    shows_no_address(&world.run(&["deploy", "--tag", "v2", "--yes"]).exits(3));
    let messages = receiver.messages();
    assert_eq!(messages.len(), 2, "it is sent again after a throttle");
    assert_eq!(messages[0].header("webhook-id"), messages[1].header("webhook-id"));
    let message = &messages[1];
    let body = message.body();
    assert_eq!(body["type"], "deploy.rolled_back");
    assert_eq!(body["data"]["targets"][0]["outcome"], "rolled_back");
    let text =
        format!("{}.{}.{}", message.header("webhook-id"), message.header("webhook-timestamp"), message.text);
    let expected = signature(&SECRET["whsec_".len()..], &text).expect("a signature");
    assert_eq!(message.header("webhook-signature"), format!("v1,{expected}"));
}

#[test]
fn an_address_may_be_a_parameter() {
    let receiver = Receiver::start(&[OK]);
    let world = world("  - { slack: { ssm: /shop/hook }, on: [started] }\n", &receiver, Scenario::Steady);
    let address = format!("{}{PATH}", receiver.address);
    let parameter = json!({ "Name": "/shop/hook", "Type": "SecureString", "Value": address });
    world.sandbox.call("ssm", "PutParameter", parameter).expect("it is put");
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    assert_eq!(receiver.messages().len(), 1);
}

#[test]
fn a_message_that_is_refused_is_a_note_and_fails_nothing() {
    let receiver = Receiver::start(&[GONE]);
    let world = world("  - slack: { env: HOOK_ADDRESS }\n", &receiver, Scenario::Steady);
    let run = world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    shows_no_address(&run);
    assert_eq!(run.stderr.matches("notify[0]").count(), 1, "{}", run.stderr);
    run.says("failed to tell `notify[0]` of the release: HTTP 404: no_service");
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Receiver::start(&[OK]);
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        other.address
    );
    let receiver = Receiver::start(&[&redirect]);
    let world = world("  - { slack: { env: HOOK_ADDRESS }, on: [started] }\n", &receiver, Scenario::Steady);
    world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0).says("redirects are not followed");
    assert!(other.messages().is_empty());
}

#[test]
fn what_is_missing_or_cannot_be_an_address_is_a_note() {
    let receiver = Receiver::start(&[OK]);
    let notify = "  - slack: { env: NOT_SET }\n  - slack: { env: GITHUB_ACTOR }\n  - slack: { ssm: /none }\n";
    let world = world(notify, &receiver, Scenario::Steady);
    let run = world.run(&["deploy", "--tag", "v2", "--yes"]).exits(0);
    let run = run.says("`notify[0]` of the release: variable `NOT_SET` is not set");
    let run = run.says("`notify[1]` of the release: its address does not begin with `https://`");
    run.says(
        "`notify[2]` of the release: failed to read parameter `/none`: ssm:GetParameter: ParameterNotFound",
    );
}

#[test]
fn an_address_in_the_manifest_is_refused_without_being_shown() {
    for value in ["https://hooks.slack.com/services/T0/B0/Xq7mZkWv9", "'{{ env.HOOK_ADDRESS }}'"] {
        let manifest = format!("{MANIFEST}notify:\n  - slack: {value}\n");
        let folder = Folder::new(&[("ecsail.yml", &manifest), ("web.yml", DEFINITION)])
            .env("HOOK_ADDRESS", "https://hooks.slack.com/services/T0/B0/Xq7mZkWv9");
        let run = folder.run(&["check"]).exits(1);
        shows_no_address(&run);
        run.says("`slack` is a secret, and must not be in the manifest").says("{ env: NAME }");
    }
}

#[test]
fn a_dry_run_shows_each_message_and_sends_none() {
    let receiver = Receiver::start(&[OK]);
    let notify = "  - slack: { env: HOOK_ADDRESS }\n  - { slack: { env: NOT_SET }, on: [started] }\n";
    let world = world(notify, &receiver, Scenario::Steady);
    let run = world.run(&["notify", "--dry-run"]).exits(0);
    shows_no_address(&run);
    let run = run.answers("notify[0] slack (variable `HOOK_ADDRESS`): rolled_back");
    let run = run
        .answers("\"text\": \"Deploy of shop to 1.4.2 waiting\"")
        .answers("service web: succeeded (web:12)");
    let run = run.says("no message of `notify[1]` can be sent: variable `NOT_SET` is not set");
    assert!(!run.stderr.contains("notify[0]"), "{}", run.stderr);
    let run = world.run(&["notify", "--dry-run", "--output", "json"]).exits(0);
    assert_eq!(run.events().iter().filter(|event| event["event"] != "note").count(), 6);
    assert!(receiver.messages().is_empty());
}

#[test]
fn a_deploy_that_waits_for_its_lock_says_so() {
    let receiver = Receiver::start(&[OK]);
    let notify = "  - { slack: { env: HOOK_ADDRESS }, on: [waiting, failed] }\nlock: { table: locks }\n";
    let world = world(notify, &receiver, Scenario::Steady);
    lock::create_table(&world);
    let mut other = lock::of_bob();
    other["Item"]["id"] = json!({ "S": "shop" });
    lock::dynamodb(&world, "PutItem", other);
    world.run(&["deploy", "--tag", "v2", "--yes", "--lock-timeout", "200ms"]).exits(5);
    let messages = receiver.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].body()["text"], "Deploy of shop to v2 waiting");
    assert!(messages[0].text.contains("held since 2026-11-30T12:00:00Z by bob on build-7"), "{messages:?}");
}

#[test]
fn a_rollout_that_waits_for_a_person_is_told_once() {
    let receiver = Receiver::start(&[OK]);
    let world =
        world("  - { slack: { env: HOOK_ADDRESS }, on: [waiting] }\n", &receiver, Scenario::HookPauses);
    world.run(&["deploy", "--tag", "v2", "--yes", "--timeout", "1s", "--on-timeout", "leave"]).exits(4);
    let messages = receiver.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].text.contains("web: waiting for "), "{messages:?}");
}
