//! What becomes of the keys of a service that no container of ECS has. Pure.

/// The keys that are carried over, whole or in part; what is not is reported where it is read.
pub(super) const HANDLED: &[&str] = &[
    "image",
    "build",
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "ports",
    "expose",
    "secrets",
    "healthcheck",
    "depends_on",
    "deploy",
    "cpus",
    "mem_limit",
    "mem_reservation",
    "scale",
    "user",
    "working_dir",
    "read_only",
    "init",
    "cap_drop",
    "cap_add",
    "stop_grace_period",
    "ulimits",
    "labels",
    "tty",
    "stdin_open",
    "logging",
    "platform",
    "volumes",
    "networks",
    "restart",
    "profiles",
    "sysctls",
    "links",
    "container_name",
];

/// Returns why a key is not carried over; `None` for one that means nothing where no container of Docker runs.
pub(super) fn reason(key: &str) -> Option<&'static str> {
    let why = match key {
        "annotations" | "attach" | "develop" | "pull_policy" | "pull_refresh_after" | "stop_signal"
            if key != "stop_signal" =>
        {
            return None;
        }
        "stop_signal" => "ECS takes the signal of the image: write `STOPSIGNAL` in its Dockerfile",
        "configs" => "ECS mounts no files: put it into the image, or into a variable",
        "privileged" => "Fargate runs no privileged containers",
        "network_mode" | "pid" | "ipc" | "uts" | "userns_mode" | "cgroup" | "cgroup_parent" => {
            "a task on Fargate has namespaces of its own"
        }
        "hostname" | "domainname" | "mac_address" | "dns" | "dns_opt" | "dns_search" | "extra_hosts"
        | "external_links" => "a task with a network of its own has the names of its VPC",
        "devices" | "device_cgroup_rules" | "gpus" => "Fargate has no devices of the host",
        "tmpfs" | "shm_size" | "storage_opt" => {
            "Fargate has no such file systems: the task has its own storage"
        }
        "extends" => "resolve it first: `docker compose config > resolved.yml`, and import that",
        "provider" | "models" | "use_api_socket" => "it belongs to Docker",
        "post_start" | "pre_stop" => {
            "write a hook in the manifest, or a command in the image: `ecsail docs hooks`"
        }
        "label_file" => "write the labels into `labels`",
        "cpu_shares" | "cpu_count" | "cpu_percent" | "cpu_quota" | "cpu_period" | "cpu_rt_period"
        | "cpu_rt_runtime" | "cpuset" => "ECS takes CPU units: write `cpus` or `deploy.resources`",
        "memswap_limit" | "mem_swappiness" | "oom_kill_disable" | "oom_score_adj" | "pids_limit"
        | "blkio_config" => "Fargate has no such limit",
        "volumes_from" => "write a volume that both containers mount",
        "group_add" | "security_opt" | "runtime" | "isolation" | "credential_spec" => {
            "ECS has no equal of it on Fargate"
        }
        _ => "it is no key of the Compose specification that ecsail has",
    };
    Some(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of a service in `schema/compose-spec.json` of compose-spec/compose-spec.
    const OF_THE_SCHEMA: &str = "develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs container_name \
        cpu_count cpu_percent cpu_shares cpu_quota cpu_period cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on device_cgroup_rules \
        devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose extends provider external_links extra_hosts gpus \
        group_add healthcheck hostname image init ipc isolation labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit \
        network_mode models networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles pull_policy \
        pull_refresh_after read_only restart runtime scale security_opt shm_size secrets sysctls stdin_open stop_grace_period stop_signal storage_opt \
        tmpfs tty ulimits use_api_socket user uts userns_mode volumes volumes_from working_dir";

    #[test]
    fn every_key_of_the_schema_has_an_answer() {
        let unknown = reason("nope");
        for key in OF_THE_SCHEMA.split_whitespace().filter(|key| !HANDLED.contains(key)) {
            assert_ne!(reason(key), unknown, "{key}");
        }
        let is_of_the_schema = |key: &&&str| OF_THE_SCHEMA.split_whitespace().any(|known| known == **key);
        assert_eq!(HANDLED.iter().filter(is_of_the_schema).count(), HANDLED.len());
    }
}
