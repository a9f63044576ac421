//! Conformance tests of look-ups: moto and MiniStack have what templates ask for, seeded by boto3.

use serde_json::Value;

use crate::support::emulator::Emulator;
use crate::support::python::{HINT, program, run};
use crate::support::{DEFINITION, MANIFEST};

const LOOKUPS: &str = "lookups: { tfstate: { default: { url: 's3://states/a b/net.tfstate' } } }\n";

const VARIABLES: &str = "    environment:
      - { name: A, value: {{ ssm('/shop/level') }} }
      - { name: B, value: {{ ssm('/shop/hosts') | join(';') }} }
      - { name: C, value: {{ secret('shop/db') }} }
      - { name: D, value: {{ cfn_output('network', 'VpcId') }} }
      - { name: E, value: {{ cfn_export('shared-vpc') }} }
      - { name: F, value: {{ tfstate('output.net') | join(';') }} }
      - { name: G, value: {{ ssm('/shop/token') }} }
";

fn looks_up(emulator: &Emulator) {
    let seeded = run(&mut program("seed_lookups.py", &emulator.url(), emulator.access_key()), HINT);
    let seeded: Value = serde_json::from_str(&seeded).expect("JSON");
    emulator.write("ecsail.yml", &format!("{MANIFEST}{LOOKUPS}"));
    emulator.write("web.yml", &format!("{DEFINITION}{VARIABLES}"));
    let rendered = emulator.folder.run(&["render", "--tag", "v2", "--output", "json"]).exits(0);
    let document = &rendered.event("document")["document"]["containerDefinitions"][0];
    let items = document["environment"].as_array().expect("a list");
    let values: Vec<&str> = items.iter().filter_map(|item| item["value"].as_str()).collect();
    let secret = seeded["secret"].as_str().expect("an ARN");
    let vpc = "vpc-<1> & more";
    assert_eq!(values, ["info", "a;b", secret, vpc, vpc, "subnet-1;subnet-2", "(hidden)"]);
    let missing = VARIABLES.replace("/shop/level", "/no").replace("shop/db", "no").replace("network", "no");
    emulator.write("web.yml", &format!("{DEFINITION}{missing}"));
    let refused = emulator.folder.run(&["render", "--tag", "v2"]).exits(1);
    for name in ["no parameter named `/no`", "no secret named `no`", "no stack named `no`"] {
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
}

#[test]
#[ignore = "needs Python and packages from PyPI"]
fn moto_and_ministack_have_what_templates_look_up() {
    looks_up(&Emulator::moto(&[]));
    looks_up(&Emulator::ministack(&[]));
}
