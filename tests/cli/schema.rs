//! Tests of `ecsail schema`: the schemas with which editors check files.

use serde_json::Value;

use crate::support::Folder;

#[test]
fn each_kind_of_file_has_a_schema() {
    let folder = Folder::new(&[]);
    for (kind, title) in [
        ("manifest", "ecsail manifest"),
        ("task-definition", "ECS task definition"),
        ("service", "ECS service"),
        ("events", "ecsail events"),
    ] {
        let run = folder.run(&["schema", kind]).exits(0);
        let schema: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(schema["title"], title);
    }
    folder.run(&["schema", "nope"]).exits(2);
}
