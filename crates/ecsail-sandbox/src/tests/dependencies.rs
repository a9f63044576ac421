//! What the crate depends on, read from its manifest.

#[test]
fn no_dependency_is_an_aws_crate_or_ecsail() {
    let manifest = include_str!("../../Cargo.toml");
    let names: Vec<_> = manifest
        .lines()
        .skip_while(|line| !line.ends_with("dependencies]"))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim()))
        .collect();
    assert!(names.contains(&"hyper"), "the dependencies were found: {names:?}");
    let foreign: Vec<_> =
        names.iter().filter(|name| name.starts_with("aws") || name.starts_with("ecsail")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}
