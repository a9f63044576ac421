use std::collections::BTreeMap;

use super::*;
use crate::import::{ImportOptions, SourceFiles};

struct Files(BTreeMap<String, String>);

impl SourceFiles for Files {
    fn read(&self, path: &str) -> Result<Option<String>> {
        Ok(self.0.get(path).cloned())
    }
}

/// Returns the commands, the lines of the report, and the files of a command line; words are split at `|`.
fn imported(line: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let files = Files(BTreeMap::from([("app.env".to_owned(), "# a\nA=file\nB=\"two\"\n".to_owned())]));
    let options = ImportOptions::default();
    let mut session = Session::new(&files, &options, &[]);
    let words: Vec<String> = line.split('|').map(str::to_owned).collect();
    import(&mut session, &ToolInput { files: &[], words: &words }).expect("it is imported");
    let findings = session
        .findings
        .all()
        .iter()
        .map(|finding| format!("{}: {}", finding.kind.heading(), finding.what))
        .collect();
    let outputs = session.outputs.iter().map(|file| format!("{}:\n{}", file.path, file.text)).collect();
    (session.commands, findings, outputs)
}

#[test]
fn a_deploy_is_one_command() {
    let (commands, findings, outputs) = imported(
        "ecs|deploy|main|web|-t|1.2|-e|app|MODE|a b|-s|app|KEY|/shop/key|-c|app|run -p 80|--task-cpu|256|--timeout|600|--region|eu-west-1|--rollback|--no-deregister",
    );
    assert_eq!(
        commands,
        [
            "ecsail deploy web --cluster main --tag 1.2 --env 'app:MODE=a b' --secret app:KEY=/shop/key --command 'app=[\"run\",\"-p\",\"80\"]' --cpu 256 --timeout 600s --region eu-west-1"
        ]
    );
    assert_eq!(findings, ["carried over: deploy", "changed in meaning: deploy"]);
    assert!(outputs.is_empty());
}

#[test]
fn what_flags_do_not_say_is_a_layer() {
    let (commands, findings, outputs) = imported(
        "deploy|main|web|--ulimit|app|nofile|1024|2048|--env-file|app|app.env|-e|app|A|flag|--timeout|-1|--slack-url|x|--exclusive-env",
    );
    assert_eq!(commands, ["ecsail init --cluster main --service web", "ecsail deploy web --no-wait"]);
    assert_eq!(
        outputs,
        [
            "ecsail/web-layer.yml:\ncontainerDefinitions:\n  - name: app\n    ulimits:\n      - name: nofile\n        softLimit: 1024\n        \
          hardLimit: 2048\n    environment:\n      A: flag\n      B: two\n"
        ]
    );
    assert!(findings.contains(&"not carried over: --slack-url".to_owned()), "{findings:?}");
    assert!(findings.contains(&"not carried over: --exclusive-env".to_owned()), "{findings:?}");
}

#[test]
fn the_other_commands() {
    assert_eq!(imported("ecs|scale|main|web|4").0, ["ecsail scale web --cluster main --desired 4"]);
    assert_eq!(imported("ecs|run|main|report|2|-c|app|a b").0, ["ecsail run report"]);
    for (line, what) in [("cron|main|t|r", "cron"), ("update|t", "update"), ("diff|t|1|2", "diff")] {
        assert_eq!(imported(line).1, [format!("not carried over: {what}")], "{line}");
    }
}
