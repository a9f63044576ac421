//! What genova's server did and a pipeline does now: a script that builds the images, and a workflow of the branches. Pure.

use std::fmt::Write as _;

use super::app::{App, scheduled};
use super::definition::is_encrypted;
use super::images::repository;
use super::steps::{Branch, Step, StepKind};
use crate::document::tree::Node;
use crate::import::Session;
use crate::import::source::{folder_of, joined, relative};
use crate::import::yaml_file::entries;
use crate::shell::quote;

/// The script that builds the images, relative to the manifest.
pub(super) const BUILD_SCRIPT: &str = "ecsail/build-images.sh";
/// The workflow, relative to the manifest.
const WORKFLOW: &str = ".github/workflows/ecsail.yml";

/// An image to build.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Build {
    repository: String,
    /// The folder of the context, relative to the folder of the manifest.
    context: String,
    dockerfile: String,
    target: Option<String>,
    args: Vec<BuildArg>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct BuildArg {
    name: String,
    /// None for a value that is encrypted: the pipeline has it in its environment.
    value: Option<String>,
}

/// Adds the script that builds the images. Returns whether there is one.
pub(super) fn add_build_script(session: &mut Session<'_>, app: &App) -> bool {
    let builds = builds(session, app);
    if builds.is_empty() {
        return false;
    }
    let mut text = String::from(
        "#!/bin/sh\n# Builds and pushes the images of the app, as genova did before each deploy. Usage: TAG=… ecsail/build-images.sh\n\
         set -eu\ncd \"$(dirname \"$0\")/..\"\n: \"${TAG:?the tag of the images}\"\n",
    );
    for build in &builds {
        for arg in build.args.iter().filter(|arg| arg.value.is_none()) {
            let why = "the value is encrypted with KMS: give it to the build as a secret of the pipeline";
            session.missing(&app.file.path, None, &format!("build.args.{}", arg.name), why);
        }
        let image = &build.repository;
        let _ = write!(
            text,
            "\ndocker build --tag {}\":$TAG\" --file {}",
            quote(image),
            quote(&build.dockerfile)
        );
        if let Some(target) = &build.target {
            let _ = write!(text, " --target {}", quote(target));
        }
        for arg in &build.args {
            let _ = match &arg.value {
                Some(value) => write!(text, " \\\n  --build-arg {}", quote(&format!("{}={value}", arg.name))),
                None => write!(
                    text,
                    " \\\n  --build-arg {}=\"${{{}:?was encrypted with KMS}}\"",
                    arg.name, arg.name
                ),
            };
        }
        let _ = write!(text, " {}\ndocker push {}\":$TAG\"\n", quote(&build.context), quote(image));
    }
    session.add_output(BUILD_SCRIPT, text);
    session.changed(
        &app.file.path,
        None,
        "containers[].build",
        &format!("ecsail builds no images: `{BUILD_SCRIPT}` does, in a pipeline"),
    );
    session.changed(
        &app.file.path,
        None,
        "tag",
        "genova tagged images `build-TIME` and `latest`; a deploy takes the tag that `--tag` names",
    );
    true
}

/// Returns all images to build, each once.
fn builds(session: &mut Session<'_>, app: &App) -> Vec<Build> {
    let mut found: Vec<Build> = Vec::new();
    for index in 0..app.clusters.len() {
        let Some(cluster) = app.cluster(index) else { continue };
        let own = entries(cluster.get("services"))
            .iter()
            .chain(entries(cluster.get("run_tasks")))
            .map(|(_, node)| node);
        let own: Vec<Node> =
            own.cloned().chain(scheduled(cluster).into_iter().map(|(_, _, node)| node.clone())).collect();
        for node in &own {
            for container in node.get("containers").map_or(&[][..], Node::items) {
                let build = build(session, app, node, container);
                found.extend(build.filter(|build| !found.contains(build)));
            }
        }
    }
    found
}

fn build(session: &mut Session<'_>, app: &App, used: &Node, container: &Node) -> Option<Build> {
    let name = container.get("name").and_then(Node::text)?;
    let path = used.get("path").and_then(Node::text)?;
    let definition = &app.definitions.get(path)?.value;
    let overrides = used.get("task_overrides").map(Node::to_value).unwrap_or_default();
    let merged = super::merge::merge(definition, &overrides).definition;
    let containers = merged["container_definitions"].as_array()?;
    let line = Some(app.file.line(container.span));
    let image =
        containers.iter().find(|known| known["name"] == name).and_then(|known| known["image"].as_str());
    let Some(repository) = image.and_then(repository) else {
        session.missing(
            &app.file.path,
            line,
            &format!("containers.{name}"),
            "its image does not end in `:{{tag}}`, so that the image that genova built was not used",
        );
        return None;
    };
    let node = container.get("build")?;
    let text = |name: &str| node.get(name).and_then(Node::text).map(str::to_owned);
    // Paths are relative to the folder of `deploy.yml`; the Dockerfile is relative to the context.
    let context =
        node.text().map(str::to_owned).or_else(|| text("context")).unwrap_or_else(|| ".".to_owned());
    let context = joined(folder_of(&app.file.path), &context);
    let dockerfile = joined(&context, &text("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned()));
    let args = entries(node.get("args")).iter().map(|(key, value)| {
        let value = value.text().unwrap_or_default();
        BuildArg { name: key.name.clone(), value: (!is_encrypted(value)).then(|| value.to_owned()) }
    });
    let args: Vec<BuildArg> = args.collect();
    let place = |path: &str| Some(relative(&session.options.folder, path)).filter(|path| !path.is_empty());
    Some(Build {
        repository: repository.to_owned(),
        context: place(&context).unwrap_or_else(|| ".".to_owned()),
        dockerfile: place(&dockerfile).unwrap_or_default(),
        target: text("target"),
        args,
    })
}

/// Adds a workflow that deploys the branches of `auto_deploy`.
pub(super) fn add_workflow(session: &mut Session<'_>, app: &App, branches: &[Branch], has_builds: bool) {
    if branches.is_empty() {
        return;
    }
    let patterns: Vec<String> =
        branches.iter().map(|branch| format!("\"{}\"", glob(&branch.pattern))).collect();
    let mut text = format!(
        "# Deploys what `auto_deploy` of genova deployed.\nname: deploy\non:\n  push:\n    branches: [{}]\n\npermissions:\n  contents: read\n  \
         id-token: write\n\nenv:\n  TAG: ${{{{ github.sha }}}}\n\njobs:\n",
        patterns.join(", ")
    );
    for (index, branch) in branches.iter().enumerate() {
        text.push_str(&job(session, app, index, branch, branches, has_builds));
        let why = format!("a job of `{WORKFLOW}`; a push that is repeated deploys again only what changed");
        session.changed(&app.file.path, Some(branch.line), &format!("auto_deploy {}", branch.pattern), &why);
    }
    session.add_output(WORKFLOW, text);
}

/// Returns a pattern of genova, which matches anywhere in the name, as one of GitHub.
fn glob(pattern: &str) -> String {
    pattern.replace('*', "**")
}

fn job(
    session: &Session<'_>,
    app: &App,
    index: usize,
    branch: &Branch,
    branches: &[Branch],
    has_builds: bool,
) -> String {
    let name = crate::adopt::names::identifier(&branch.pattern).to_ascii_lowercase();
    let mut text = format!("  deploy_{name}:\n");
    // The first pattern that matches is taken.
    let conditions: Vec<String> = branches[..index]
        .iter()
        .filter(|other| other.pattern.contains('*') || branch.pattern.contains('*'))
        .map(|other| format!("!({})", matches(&other.pattern)))
        .chain([matches(&branch.pattern)])
        .collect();
    let _ = writeln!(text, "    if: ${{{{ {} }}}}", conditions.join(" && "));
    text.push_str(&format!(
        "    runs-on: ubuntu-24.04\n    concurrency:\n      group: deploy-{name}\n      cancel-in-progress: false\n    steps:\n      \
         - uses: actions/checkout@v7\n      - uses: aws-actions/configure-aws-credentials@v6\n        with:\n          \
         role-to-assume: ${{{{ vars.DEPLOY_ROLE }}}}\n          aws-region: {}\n",
        region(app).unwrap_or_else(|| "${{ vars.AWS_REGION }}".to_owned())
    ));
    if has_builds {
        text.push_str(&format!(
            "      - uses: aws-actions/amazon-ecr-login@v2\n      - name: Build and push the images\n        run: sh {BUILD_SCRIPT}\n"
        ));
    }
    for command in commands(session, app, branch) {
        let _ = write!(text, "      - uses: OWNER/ecsail@v1\n        with:\n          run: {command}\n");
    }
    text
}

fn matches(pattern: &str) -> String {
    match pattern.trim_matches('*') {
        "" => "true".to_owned(),
        part if part == pattern => format!("github.ref_name == '{part}'"),
        part => format!("contains(github.ref_name, '{}')", part.split('*').next().unwrap_or(part)),
    }
}

fn region(app: &App) -> Option<String> {
    let mut images = (0..app.clusters.len()).flat_map(|index| app.images.of_cluster(index));
    let region = |(_, image): (String, serde_json::Value)| {
        let image = crate::image::ImageReference::parse(image.as_str().unwrap_or_default());
        image.ecr_repository().map(|repository| repository.region)
    };
    images.find_map(region)
}

/// Returns the commands of a branch. Run tasks before or after services belong to the deploy of the services.
fn commands(session: &Session<'_>, app: &App, branch: &Branch) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut clusters: Vec<&str> = Vec::new();
    for step in &branch.steps {
        if !clusters.contains(&step.cluster.as_str()) {
            clusters.push(&step.cluster);
        }
    }
    for cluster in clusters {
        let steps: Vec<&Step> = branch.steps.iter().filter(|step| step.cluster == cluster).collect();
        let stage =
            app.clusters.iter().find(|known| known.name == cluster).and_then(|known| known.stage.clone());
        let flag = stage.as_deref().map_or_else(String::new, |stage| format!(" --stage {}", quote(stage)));
        let names = |kind: StepKind| -> Vec<String> {
            let of_kind = steps.iter().filter(|step| step.kind == kind).flat_map(|step| &step.resources);
            let mut names: Vec<String> = Vec::new();
            for resource in of_kind {
                let name = if kind == StepKind::ScheduledTask {
                    resource.split(':').next().unwrap_or(resource)
                } else {
                    resource
                };
                let name = quote(&session.key(name, stage.as_deref()));
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        let (services, tasks, schedules) =
            (names(StepKind::Service), names(StepKind::RunTask), names(StepKind::ScheduledTask));
        if services.is_empty() {
            commands.extend(tasks.iter().map(|task| format!("run{flag} {task} --tag \"$TAG\"")));
        } else {
            commands.push(format!("deploy{flag} {} --tag \"$TAG\"", services.join(" ")));
        }
        if !schedules.is_empty() {
            commands.push(format!("deploy{flag} schedule {} --tag \"$TAG\"", schedules.join(" ")));
        }
    }
    commands
}
