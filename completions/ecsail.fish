# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ecsail_global_optspecs
    string join \n f/manifest= stage= set= env-file= cluster= region= profile= endpoint-url= sandbox= output= q/quiet v/verbose no-progress color= poll-interval= h/help V/version
end

function __fish_ecsail_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ecsail_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ecsail_using_subcommand
    set -l cmd (__fish_ecsail_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ecsail -n "__fish_ecsail_needs_command" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_needs_command" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_needs_command" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_needs_command" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_needs_command" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_needs_command" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_needs_command" -s V -l version -d 'Print version'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "check" -d 'Reads and renders everything, without AWS: all problems at once'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "render" -d 'Prints the rendered documents, exactly what would be sent'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "plan" -d 'Shows what a deploy would change, and changes nothing'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "deploy" -d 'Deploys an image tag: registers, updates, and watches until the rollout has settled'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "status" -d 'Shows what services run, the deployments under way, and what is wrong'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "history" -d 'Shows what was deployed: when, which revision, by whom, and how it ended'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "tasks" -d 'Shows the tasks of a service, or why those that stopped did'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "images" -d 'Shows the tags that a deploy of a service could point at, and which one runs'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "wait" -d 'Watches the deployments under way to their end; changes nothing unless asked to'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "rollback" -d 'Goes back to what ran well before, and watches that like a deploy'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "cancel" -d 'Stops the deployment under way: ECS goes back to what ran before'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "continue" -d 'Lets a deployment go on that waits in a lifecycle hook, or sends it back'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "restart" -d 'Replaces all tasks with new ones of the same revision, and watches that'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "logs" -d 'Shows the log lines of a service\'s tasks'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "exec" -d 'Runs a command, or a shell, in a container of a service'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "stop-task" -d 'Stops single tasks of a service; ECS starts others in their place'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "scale" -d 'Sets how many tasks a service has, or the range that autoscaling keeps it in'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "explain" -d 'Explains a rule of `check`: its reason, its source, and how to ignore it'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "sandbox" -d 'The embedded AWS on loopback: serve it, list its scenarios, start it anew'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "schema" -d 'Prints the JSON Schema of a kind of file, or of the lines of `--output json`'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "completions" -d 'Prints the completion script of a shell'
complete -c ecsail -n "__fish_ecsail_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l definition -d 'Check these definition files by themselves, without a manifest' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and not __fish_seen_subcommand_from service help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from service" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand check; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and not __fish_seen_subcommand_from service help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from service" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand render; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l exit-code -d 'Exit with 6 when there are changes'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and not __fish_seen_subcommand_from service help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l exit-code -d 'Exit with 6 when there are changes'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from service" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l no-wait -d 'Return once the update is accepted, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l dry-run -d 'Show the plan and stop'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l force -d 'A new deployment though nothing changed'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l supersede -d 'Replace a deployment that is under way'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and not __fish_seen_subcommand_from service help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l tag -d 'The image tag to deploy: `1.4.2` for all images that name none, `app=1.4.2` for one' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l no-wait -d 'Return once the update is accepted, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l dry-run -d 'Show the plan and stop'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l force -d 'A new deployment though nothing changed'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l supersede -d 'Replace a deployment that is under way'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from service" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from help" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand deploy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l service -d 'Another way to name a service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l events -d 'How many of the service\'s events to show, those of trouble first' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -s w -l watch -d 'Look again every few seconds, until Ctrl-C'
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l service -d 'Another way to name a service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l limit -d 'How many deployments of each service to show, the newest first' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l stopped -d 'The tasks that stopped in the last hour, with the reason'
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand tasks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l limit -d 'How many images of each repository to show, the newest first' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand images" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l service -d 'Another way to name a service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l deployment -d 'The deployment to wait for, of one service; else its newest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l service -d 'Another way to name a service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l to -d 'What to go back to: a revision `web:12`, an image tag, or a digest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l steps -d 'How many deployments that succeeded to go back' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l no-wait -d 'Return once the update is accepted, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l dry-run -d 'Show what would change and stop'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l supersede -d 'Replace a deployment that is under way, where `--to` or `--steps` names a target'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l no-wait -d 'Return once it is stopped, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l hook -d 'The hook, where several wait' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l rollback -d 'Send it back instead'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l no-wait -d 'Return once the hook is answered, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand continue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l service -d 'Another way to name a service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l timeout -d 'How long to watch at the most, such as `15m`; the rollout goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l on-failure -d 'What to do about a rollout that fails; by default it is taken back where a deployment before it was completed' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l on-timeout -d 'What to do when the time is up; by default the rollout goes on' -r -f -a "rollback\t'Go back to what ran before'
leave\t'Leave the service as it is'"
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l until -d 'How far to watch: `stable` to the end, `bake` until traffic is shifted, or a lifecycle stage' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l record -d 'Keep what is seen of each rollout in a file of this folder, for a report of a wrong verdict' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l no-wait -d 'Return once the update is accepted, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l supersede -d 'Replace a deployment that is under way'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l since -d 'Since when: so long ago, such as `90s` or `2h`, or a time such as `2026-11-21T13:05:00Z`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l container -d 'Only this container' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l task -d 'Only this task; the beginning of its id will do' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l filter -d 'Only lines that contain this text; `{ $.… }` and `%…%` are CloudWatch filter patterns' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l limit -d 'At most so many lines of those that are there: the last ones' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -s f -l follow -d 'Go on with the lines that come; rollouts are followed'
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l container -d 'The container; else the one behind the load balancer, or the first that is essential' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l task -d 'The task; the beginning of its id will do; else the newest that runs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l service -d 'Another way to name the service: all else is tasks' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l reason -d 'Why; it is kept with the tasks' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand stop-task" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l service -d 'Another way to name the service' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l desired -d 'The number of tasks' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l min -d 'The least that autoscaling keeps' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l max -d 'The most that autoscaling keeps' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l timeout -d 'How long to watch at the most; ECS goes on after it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l suspend -d 'Suspend autoscaling: scaling in, scaling out and scheduled actions'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l resume -d 'Resume autoscaling'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l force -d 'Set the number though autoscaling will move it again'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -s y -l yes -d 'Do not ask'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l no-wait -d 'Return once the change is accepted, without watching'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand scale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -f -a "serve" -d 'Run it for other clients until interrupted, and print the environment to set'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -f -a "scenarios" -d 'List what can be made to happen'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -f -a "reset" -d 'Forget the state that is kept in `.ecsail/`'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and not __fish_seen_subcommand_from serve scenarios reset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l port -d 'The port on 127.0.0.1; any free one without it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from scenarios" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "serve" -d 'Run it for other clients until interrupted, and print the environment to set'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "scenarios" -d 'List what can be made to happen'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "reset" -d 'Forget the state that is kept in `.ecsail/`'
complete -c ecsail -n "__fish_ecsail_using_subcommand sandbox; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -s f -l manifest -d 'The manifest; else `ecsail.yml` in this directory or above it' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l stage -d 'The stage of the manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l set -d 'Set a variable, over the manifest\'s `vars`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l env-file -d 'Read environment variables for templates from a file' -r -F
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l cluster -d 'The cluster, over the manifest\'s; with it, services need not be in a manifest' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l region -d 'The AWS region, over the manifest\'s' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l profile -d 'The profile in `~/.aws`' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l endpoint-url -d 'Another address for the AWS APIs' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l sandbox -d 'Run in the embedded sandbox instead of AWS; `--sandbox=crash` picks what happens' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l output -d 'How answers are written' -r -f -a "text\t''
json\t''
markdown\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t''
never\t''"
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l poll-interval -d 'The time between two looks at a rollout, instead of one that adapts' -r
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -s q -l quiet -d 'Only answers and errors'
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -s v -l verbose -d 'Tell more; twice for even more'
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -l no-progress -d 'Plain lines instead of a live display'
complete -c ecsail -n "__fish_ecsail_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "check" -d 'Reads and renders everything, without AWS: all problems at once'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "render" -d 'Prints the rendered documents, exactly what would be sent'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "plan" -d 'Shows what a deploy would change, and changes nothing'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "deploy" -d 'Deploys an image tag: registers, updates, and watches until the rollout has settled'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "status" -d 'Shows what services run, the deployments under way, and what is wrong'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "history" -d 'Shows what was deployed: when, which revision, by whom, and how it ended'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "tasks" -d 'Shows the tasks of a service, or why those that stopped did'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "images" -d 'Shows the tags that a deploy of a service could point at, and which one runs'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "wait" -d 'Watches the deployments under way to their end; changes nothing unless asked to'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "rollback" -d 'Goes back to what ran well before, and watches that like a deploy'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "cancel" -d 'Stops the deployment under way: ECS goes back to what ran before'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "continue" -d 'Lets a deployment go on that waits in a lifecycle hook, or sends it back'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "restart" -d 'Replaces all tasks with new ones of the same revision, and watches that'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "logs" -d 'Shows the log lines of a service\'s tasks'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "exec" -d 'Runs a command, or a shell, in a container of a service'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "stop-task" -d 'Stops single tasks of a service; ECS starts others in their place'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "scale" -d 'Sets how many tasks a service has, or the range that autoscaling keeps it in'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "explain" -d 'Explains a rule of `check`: its reason, its source, and how to ignore it'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "sandbox" -d 'The embedded AWS on loopback: serve it, list its scenarios, start it anew'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "schema" -d 'Prints the JSON Schema of a kind of file, or of the lines of `--output json`'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "completions" -d 'Prints the completion script of a shell'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and not __fish_seen_subcommand_from check render plan deploy status history tasks images wait rollback cancel continue restart logs exec stop-task scale explain sandbox schema completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from check" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from render" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from deploy" -f -a "service" -d 'Only these services; all of the manifest\'s without names'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "serve" -d 'Run it for other clients until interrupted, and print the environment to set'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "scenarios" -d 'List what can be made to happen'
complete -c ecsail -n "__fish_ecsail_using_subcommand help; and __fish_seen_subcommand_from sandbox" -f -a "reset" -d 'Forget the state that is kept in `.ecsail/`'
