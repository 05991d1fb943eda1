package main

// commands returns the tree of commands.
func commands() *command {
	root := &command{
		name:  "ppm",
		usage: "add components of git repositories to projects, and keep them up to date",
		examples: []string{
			"ppm project add tp_py_grpc@cp-0.0.1//aiowscli --located-path=aiowscli.py",
			"ppm registry list",
		},
	}
	root.commands = []*command{
		projectCommand(), initCommand(), addCommand(), removeCommand(), listCommand(), auditCommand(), sbomCommand(),
		cacheCommand(), registryCommand(), lockCommand(), policyCommand(), versionCommand(),
		completionCommand(func() (string, error) { return fishCompletion(root) }),
	}
	root.link(nil)
	return root
}

// add adds commands to a group. Its help shows the heading above the first of them.
func (c *command) add(heading string, commands ...*command) {
	for _, sub := range commands {
		sub.heading = heading
	}
	c.commands = append(c.commands, commands...)
}

func projectCommand() *command {
	project := &command{
		name:  "project",
		usage: "manage the components of a project",
		examples: []string{
			"ppm project add tp_py_grpc@cp-0.0.1//wscli --located-path=wscli.py",
			"ppm project list",
		},
	}
	for _, group := range []struct {
		heading  string
		commands []*command
	}{
		{"Install", []*command{initCommand(), newCommand(), addCommand(), removeCommand(), adoptCommand()}},
		{"Inspect", []*command{
			listCommand(), infoCommand(), statusCommand(), diffCommand(),
			whyCommand(), outdatedCommand(), verifyCommand(), auditCommand(), requiresCommand(), sbomCommand(),
		}},
		{"Upgrade", []*command{
			upgradeCommand(), continueCommand(), abortCommand(), undoCommand(), trustCommand(), syncCommand(),
		}},
		{"Files", []*command{moveCommand(), ownCommand()}},
	} {
		project.add(group.heading, group.commands...)
	}
	project.add("Review", planCommand(project.commands), applyCommand())
	project.add("Publish", asTempCommand())
	return project
}
