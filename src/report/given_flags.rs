//! Puts the global flags of this run into the commands that hints name, so that the next command reaches the same services.
//!
//! The flags stand before the verb: `-f` of `logs` is `--follow`. Variables of `--set` are left out, since they may be secret.

use crate::settings::Settings;
use crate::shell::quote;

/// The verbs that depend on no manifest and no service, for which flags would only be noise.
const INDEPENDENT_VERBS: &[&str] = &["completions", "explain", "sandbox", "schema"];

/// The global flags of a run.
#[derive(Clone, Debug, Default)]
pub struct GivenFlags {
    /// Each with a blank before it, without `--cluster`.
    flags: String,
    cluster: Option<String>,
}

impl GivenFlags {
    /// Returns the flags that a command needs to reach the same services as this one.
    pub fn from_settings(settings: &Settings) -> GivenFlags {
        let manifest = settings.manifest.as_ref().map(|path| path.display().to_string());
        let named = [
            ("-f", manifest),
            ("--stage", settings.stage.clone()),
            ("--region", settings.region.clone()),
            ("--profile", settings.profile.clone()),
            ("--endpoint-url", settings.endpoint_url.clone()),
        ];
        let sandbox = settings.sandbox.as_ref().map(|_| " --sandbox".to_owned());
        let named = named.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", quote(&value?))));
        GivenFlags { flags: sandbox.into_iter().chain(named).collect(), cluster: settings.cluster.clone() }
    }

    /// Returns the flags, each with a blank before it, for a command that names its cluster.
    pub fn without_cluster(&self) -> &str {
        &self.flags
    }

    /// Returns a text in which the commands between backticks have the flags.
    pub fn in_commands(&self, text: &str) -> String {
        const START: &str = "`ecsail ";
        let mut parts = text.split(START);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let command = part.split('`').next().unwrap_or(part);
            out.push_str(START.trim_end());
            out.push_str(&self.for_command(command));
            out.push(' ');
            out.push_str(part);
        }
        out
    }

    fn for_command(&self, command: &str) -> String {
        let verb = command.split(' ').next().unwrap_or_default();
        if verb.starts_with('-') || INDEPENDENT_VERBS.contains(&verb) {
            return String::new();
        }
        let cluster = self.cluster.as_ref().filter(|_| !command.contains("--cluster"));
        let cluster = cluster.map(|name| format!(" --cluster {}", quote(name))).unwrap_or_default();
        format!("{}{cluster}", self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> GivenFlags {
        let settings = Settings {
            stage: Some("production".to_owned()),
            cluster: Some("my cluster".to_owned()),
            ..Settings::default()
        };
        GivenFlags::from_settings(&settings)
    }

    #[test]
    fn every_command_of_a_hint_has_the_flags() {
        assert_eq!(
            flags().in_commands("wait for it with `ecsail wait web`, or use `ecsail rollback web`"),
            "wait for it with `ecsail --stage production --cluster 'my cluster' wait web`, or use \
             `ecsail --stage production --cluster 'my cluster' rollback web`"
        );
    }

    #[test]
    fn a_cluster_that_the_command_names_is_not_repeated() {
        let hint = flags().in_commands("`ecsail wait web --cluster main`");
        assert_eq!(hint, "`ecsail --stage production wait web --cluster main`");
    }

    #[test]
    fn commands_without_services_and_other_texts_stay() {
        for text in
            ["list them with `ecsail sandbox scenarios`", "run `ecsail --help`", "no `ecsail.yml`", "`a"]
        {
            assert_eq!(flags().in_commands(text), text);
        }
    }

    #[test]
    fn without_flags_a_hint_stays() {
        let hint = "wait for it with `ecsail wait web`";
        assert_eq!(GivenFlags::default().in_commands(hint), hint);
    }
}
