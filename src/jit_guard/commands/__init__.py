"""The commands, one file each: `configure(parser)` adds options, `run` returns the exit code."""

COMMANDS = {
    "check": "find every place where map and tree disagree (the default)",
    "init": "write a map, components and a configuration; overwrite nothing",
    "explain": "explain the rules, or one of them",
    "recover": "finish an interrupted commit, or undo it and keep its texts",
    "prune": "remove orphans; ask about files that git cannot restore",
    "mv": "rename a component and set every entry that names it, in one step",
    "log": "show the generated texts: when, by which model, from what",
    "selftest": "prove that each rule fires, on a copy of this project in memory",
    "config": "show the settings in force, and where each of them comes from",
    "completion": "print the script with which a shell completes commands and options",
    "help": "show the help of a command",
    "version": "show the version",
}
# These two are options of the other commands in words.
WORDS = ("help", "version")
