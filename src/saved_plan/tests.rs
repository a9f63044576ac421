use super::*;

fn plan() -> SavedPlan {
    SavedPlan {
        version: "1".to_owned(),
        planned_at: "2026-01-02T03:04:05Z".to_owned(),
        planned_by: None,
        release: "20260102-030405-abc".to_owned(),
        request: SavedRequest::default(),
        options: SavedOptions::default(),
        files: BTreeMap::new(),
        desired: DesiredState::default(),
        images: BTreeMap::new(),
        services: BTreeMap::new(),
        plan: Value::Null,
        planners: Vec::new(),
        terms: None,
    }
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let text = plan().to_text().expect("text");
    let read = SavedPlan::parse(&text, "a.plan").expect("a plan");
    assert_eq!(read.to_text().expect("text"), text);
}

#[test]
fn every_edit_of_a_plan_is_noticed() {
    let text = plan().to_text().expect("text");
    for (from, to) in
        [("20260102-030405-abc", "20260102-030405-abd"), ("}\n", "} \n"), ("03:04:05", "03:04:06")]
    {
        let edited = text.replacen(from, to, 2);
        assert!(SavedPlan::parse(&edited, "a.plan").is_err(), "{from}");
    }
}

#[test]
fn the_summary_has_what_changes_with_whole_values() {
    let image = |tag: &str| format!("{}/app:{tag}", "registry".repeat(10));
    let change = serde_json::json!({ "path": "image", "before": image("v1"), "after": image("v2") });
    let service = serde_json::json!({ "service": "web", "changes": true, "before": { "revision": "web:1" },
        "after": { "register": "web" }, "task_definition": [change], "attributes": [] });
    let other = serde_json::json!({ "service": "api", "changes": false });
    let task = serde_json::json!({ "task": "migrate", "needed": true });
    let summary =
        SavedPlan { plan: serde_json::json!({ "services": [service, other], "before": [task] }), ..plan() }
            .summary();
    assert_eq!(summary[0], "web: web:1 → a new revision of `web`");
    assert_eq!(summary[1], format!("  image: {} → {}", image("v1"), image("v2")));
    assert_eq!(summary[2..], ["task migrate: runs"]);
}

#[test]
fn a_request_is_read_as_it_was_written_and_every_edit_is_noticed() {
    let intent = request::Intent {
        command: "scale".to_owned(),
        app: None,
        stage: None,
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        changes: vec!["service main/web: 2 → 0 tasks".to_owned()],
    };
    let terms = ApprovalTerms {
        protection: Protection::default(),
        account: intent.account.clone(),
        region: intent.region.clone(),
        stage_key: "shop".to_owned(),
        table: None,
    };
    let (version, requested_at) = ("1".to_owned(), "2026-01-02T03:04:05Z".to_owned());
    let made = request::ChangeRequest { version, requested_at, intent: intent.clone(), terms };
    let text = made.to_text().expect("text");
    assert_eq!(request::ChangeRequest::parse(&text, "r").expect("a request"), Some(made));
    assert!(request::ChangeRequest::parse(&text.replace("2 → 0", "2 → 1"), "r").is_err());
    assert!(
        request::ChangeRequest::parse(&plan().to_text().expect("text"), "r").expect("no request").is_none()
    );
    let other = request::Intent { changes: Vec::new(), ..intent.clone() };
    assert_ne!(intent.digest().expect("a hash"), other.digest().expect("a hash"));
}

#[test]
fn another_file_is_no_plan() {
    for text in ["", "{}\n{}\n", "services:\n  web: {}\n", "{\"ecsail_plan\":2,\"sha256\":\"\"}\n{}\n"] {
        assert!(SavedPlan::parse(text, "a.plan").is_err(), "{text}");
    }
}
