//! The address forms of `tfstate-lookup`, each against a state in Terraform's format 4.

use serde_json::{Value, json};

use super::TerraformState;

fn state() -> Vec<u8> {
    let arn = "arn:aws:ecs:us-east-1:123456789012:cluster/main";
    let subnet = |id: &str| json!({ "id": id, "tags": { "team-name": "shop" } });
    json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x",
        "outputs": {
            "vpc_id": { "value": "vpc-1", "type": "string" },
            "subnet_ids": { "value": ["subnet-1", "subnet-2"], "type": ["list", "string"] },
            "sizes": { "value": { "web": 256, "worker": 512 }, "type": ["map", "number"] },
            "nothing": { "value": null, "type": "string" },
            "is_public": { "value": false, "type": "bool" },
            "password": { "value": "hunter22", "type": "string", "sensitive": true },
        },
        "resources": [
            { "mode": "managed", "type": "aws_ecs_cluster", "name": "main", "provider": "p",
              "instances": [{ "schema_version": 0, "attributes": { "arn": arn, "name": "main" } }] },
            { "mode": "managed", "type": "aws_subnet", "name": "counted", "provider": "p",
              "instances": [{ "index_key": 1, "attributes": subnet("subnet-b") },
                            { "index_key": 0, "attributes": subnet("subnet-a") }] },
            { "mode": "managed", "type": "aws_subnet", "name": "each", "provider": "p",
              "instances": [{ "index_key": "az-a", "attributes": subnet("subnet-x") },
                            { "index_key": "az.b", "attributes": subnet("subnet-y") }] },
            { "mode": "managed", "type": "aws_subnet", "name": "none", "provider": "p", "instances": [] },
            { "mode": "data", "type": "aws_vpc", "name": "main", "provider": "p",
              "instances": [{ "attributes": { "id": "vpc-d", "cidr_block": null } }] },
            { "module": "module.net", "mode": "managed", "type": "aws_lb", "name": "front", "provider": "p",
              "instances": [{ "attributes": { "arn": "arn:lb" } }] },
            { "module": "module.a.module.b[\"x\"]", "mode": "data", "type": "aws_iam_role", "name": "task",
              "provider": "p", "instances": [{ "attributes": { "arn": "arn:role" } }] },
            { "mode": "data", "type": "terraform_remote_state", "name": "base", "provider": "p",
              "instances": [{ "attributes": { "backend": "s3", "outputs": { "type": ["object", {}],
                  "value": { "repository-arn": "arn:repo", "zones": ["a", "b"] } } } }] },
            { "mode": "managed", "type": "aws_old", "name": "flat", "provider": "p",
              "instances": [{ "attributes_flat": { "id": "flat-1" } }] },
            { "mode": "managed", "type": "aws_db_instance", "name": "db", "provider": "p",
              "instances": [{ "attributes": { "address": "db.local", "password": "hunter33" },
                              "sensitive_attributes": [[{ "type": "get_attr", "value": "password" }]] }] },
        ],
    })
    .to_string()
    .into_bytes()
}

fn look_up(address: &str) -> Result<Value, String> {
    let state = TerraformState::parse(&state(), &[address]).expect("a state");
    state.value(address).map(|found| found.value).map_err(|failure| failure.message)
}

#[test]
fn every_form_of_an_address_is_found() {
    for (address, expected) in [
        ("output.vpc_id", json!("vpc-1")),
        ("output.subnet_ids", json!(["subnet-1", "subnet-2"])),
        ("output.subnet_ids[1]", json!("subnet-2")),
        ("output.sizes", json!({ "web": 256, "worker": 512 })),
        ("output.sizes.worker", json!(512)),
        ("output.is_public", json!(false)),
        ("aws_ecs_cluster.main.name", json!("main")),
        ("aws_ecs_cluster.main['name']", json!("main")),
        ("aws_subnet.counted[0].id", json!("subnet-a")),
        ("aws_subnet.counted[1].id", json!("subnet-b")),
        ("aws_subnet.each[\"az-a\"].id", json!("subnet-x")),
        ("aws_subnet.each['az-a'].id", json!("subnet-x")),
        ("aws_subnet.each['az.b'].id", json!("subnet-y")),
        ("aws_subnet.each['az-a'].tags.team-name", json!("shop")),
        ("data.aws_vpc.main.id", json!("vpc-d")),
        ("module.net.aws_lb.front.arn", json!("arn:lb")),
        ("module.a.module.b['x'].data.aws_iam_role.task.arn", json!("arn:role")),
        ("data.terraform_remote_state.base.outputs.repository-arn", json!("arn:repo")),
        ("data.terraform_remote_state.base.outputs['repository-arn']", json!("arn:repo")),
        ("data.terraform_remote_state.base.outputs.zones.[1]", json!("b")),
        ("aws_old.flat.id", json!("flat-1")),
    ] {
        assert_eq!(look_up(address), Ok(expected), "{address}");
    }
}

#[test]
fn the_parent_of_count_is_a_list_and_of_for_each_a_mapping() {
    let ids = |value: Value| -> Vec<Value> {
        match value {
            Value::Array(items) => items.iter().map(|item| item["id"].clone()).collect(),
            Value::Object(members) => members.keys().map(|key| json!(key)).collect(),
            other => vec![other],
        }
    };
    assert_eq!(look_up("aws_subnet.counted").map(ids), Ok(vec![json!("subnet-a"), json!("subnet-b")]));
    assert_eq!(look_up("aws_subnet.each").map(ids), Ok(vec![json!("az-a"), json!("az.b")]));
}

#[test]
fn null_and_absent_values_are_not_found() {
    for address in [
        "output.nothing",
        "output.sizes.api",
        "output.subnet_ids[7]",
        "data.aws_vpc.main.cidr_block",
        "aws_ecs_cluster.main.nmae",
        "aws_ecs_cluster.mian.arn",
        "aws_subnet.each['az-c'].id",
        "aws_subnet.none",
        "output.sizes | keys",
        "aws_ecs_cluster.main2.arn",
    ] {
        assert!(look_up(address).is_err(), "{address}");
    }
}

#[test]
fn a_near_miss_gets_a_suggestion() {
    let hint = |address: &str| {
        let state = TerraformState::parse(&state(), &[address]).expect("a state");
        state.value(address).expect_err("not there").hint
    };
    let suggested = |name: &str| Some(format!("did you mean `{name}`?"));
    assert_eq!(hint("aws_ecs_cluster.mian.arn"), suggested("aws_ecs_cluster.main"));
    assert_eq!(hint("aws_ecs_cluster.main.nmae"), suggested("aws_ecs_cluster.main.name"));
    assert_eq!(hint("output.vpc_ids"), suggested("output.vpc_id"));
    let instances = hint("aws_subnet.each['az-c'].id").unwrap_or_default();
    assert!(instances.starts_with("instances of `aws_subnet.each`: [\"az-"), "{instances}");
}

#[test]
fn sensitive_outputs_and_attributes_are_marked() {
    let is_sensitive = |address: &str| {
        let state = TerraformState::parse(&state(), &[address]).expect("a state");
        state.value(address).expect("there").is_sensitive
    };
    assert!(is_sensitive("output.password") && is_sensitive("aws_db_instance.db.password"));
    assert!(!is_sensitive("output.vpc_id") && !is_sensitive("aws_db_instance.db.address"));
}

#[test]
fn other_files_are_no_state() {
    for (text, expected) in [
        ("{\"version\": 3, \"modules\": []}", "its format is 3, not 4"),
        ("{}", "its format is none, not 4"),
        ("[]", "it is no Terraform state (line 1, column 0)"),
    ] {
        let failure = TerraformState::parse(text.as_bytes(), &[]).expect_err(text);
        assert_eq!(failure.message, expected);
    }
}

/// To measure it: `cargo test --lib a_state_of_50_mb -- --ignored`.
#[test]
#[ignore = "takes seconds"]
fn a_state_of_50_mb_is_read_in_one_pass() {
    let resource = |number: usize| {
        json!({ "mode": "managed", "type": "aws_thing", "name": format!("n{number}"), "provider": "p",
                "instances": [{ "attributes": { "id": number, "text": "x".repeat(1000) } }] })
    };
    let resources: Vec<Value> = (0..45_000).map(resource).collect();
    let text = json!({ "version": 4, "outputs": {}, "resources": resources }).to_string();
    let state = TerraformState::parse(text.as_bytes(), &["aws_thing.n44999.id"]).expect("a state");
    assert_eq!(state.value("aws_thing.n44999.id").expect("there").value, 44_999);
}
