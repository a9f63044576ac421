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
fn another_file_is_no_plan() {
    for text in ["", "{}\n{}\n", "services:\n  web: {}\n", "{\"ecsail_plan\":2,\"sha256\":\"\"}\n{}\n"] {
        assert!(SavedPlan::parse(text, "a.plan").is_err(), "{text}");
    }
}
