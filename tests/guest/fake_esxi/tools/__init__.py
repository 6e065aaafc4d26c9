"""Programs beside esxcli: vim-cmd, vsish and the esxcfg family."""
