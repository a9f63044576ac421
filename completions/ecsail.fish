complete --keep-order --exclusive --command ecsail --arguments "(ECSAIL_COMPLETE=fish ecsail -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
