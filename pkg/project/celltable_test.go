package project_test

// cells holds every cell of every scene. A new one is shown by TestCells, to be read and put here.
var cells = []cell{
	{"A file", "unchanged", "unchanged", same, "file=base", ""},
	{"A file", "unchanged", "edited", taken, "file=theirs", "update file: changed upstream"},
	{"A file", "unchanged", "deleted", taken, "", "delete file: not edited since it was installed"},
	{"A file", "unchanged", "moved", taken, "there=base", "delete file: renamed to \"there\" upstream + create there: renamed from \"file\" upstream"},
	{"A file", "unchanged", "moved and edited", taken, "there=theirs", "delete file: not edited since it was installed + create there: new"},
	{"A file", "unchanged", "mode changed", taken, "file*=base", "update file: its mode was changed upstream"},
	{"A file", "unchanged", "replaced by a folder", taken, "file/inner=another", "delete file: not edited since it was installed + create file/inner: new"},

	{"A file", "edited", "unchanged", kept, "file=mine", "keep file: edited here"},
	{"A file", "edited", "edited", merged, "file=both", "merge file: was edited here and changed upstream"},
	{"A file", "edited", "deleted", kept, "file=mine", "keep file: edited here; it stays, and is the user's own now"},
	{"A file", "edited", "moved", merged, "there=mine", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "edited", "moved and edited", merged, "there=both", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "edited", "mode changed", merged, "file*=mine", "update file: its mode was changed upstream"},
	{"A file", "edited", "replaced by a folder", refused, "file=mine", `writing files: "file/inner" cannot stand there: "file" was edited here`},

	{"A file", "edited in the same place", "unchanged", kept, "file=clash", "keep file: edited here"},
	{"A file", "edited in the same place", "edited", conflict, "file=clash|theirs", "merge file: was edited here and changed upstream, with 1 in conflict"},
	{"A file", "edited in the same place", "deleted", kept, "file=clash", "keep file: edited here; it stays, and is the user's own now"},
	{"A file", "edited in the same place", "moved", merged, "there=clash", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "edited in the same place", "moved and edited", conflict, "there=clash|theirs", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream, and was edited here and changed upstream, with 1 in conflict`},
	{"A file", "edited in the same place", "mode changed", merged, "file*=clash", "update file: its mode was changed upstream"},
	{"A file", "edited in the same place", "replaced by a folder", refused, "file=clash", `writing files: "file/inner" cannot stand there: "file" was edited here`},

	{"A file", "edited in the same way", "unchanged", kept, "file=theirs", "keep file: edited here"},
	{"A file", "edited in the same way", "edited", same, "file=theirs", ""},
	{"A file", "edited in the same way", "deleted", kept, "file=theirs", "keep file: edited here; it stays, and is the user's own now"},
	{"A file", "edited in the same way", "moved", merged, "there=theirs", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "edited in the same way", "moved and edited", taken, "there=theirs", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "edited in the same way", "mode changed", merged, "file*=theirs", "update file: its mode was changed upstream"},
	{"A file", "edited in the same way", "replaced by a folder", refused, "file=theirs", `writing files: "file/inner" cannot stand there: "file" was edited here`},

	{"A file", "deleted", "unchanged", kept, "", "keep file: deleted here"},
	{"A file", "deleted", "edited", kept, "", "keep file: deleted here, though it changed upstream"},
	{"A file", "deleted", "deleted", same, "", ""},
	{"A file", "deleted", "moved", kept, "", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "deleted", "moved and edited", kept, "", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "deleted", "mode changed", kept, "", "keep file: deleted here, though it changed upstream"},
	{"A file", "deleted", "replaced by a folder", taken, "file/inner=another", "create file/inner: new"},

	{"A file", "moved", "unchanged", kept, "away=base", "keep file: deleted here"},
	{"A file", "moved", "edited", kept, "away=base", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved", "deleted", same, "away=base", ""},
	{"A file", "moved", "moved", kept, "away=base", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "moved", "moved and edited", kept, "away=base", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "moved", "mode changed", kept, "away=base", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved", "replaced by a folder", merged, "away=base file/inner=another", "create file/inner: new"},

	{"A file", "moved to the same place", "unchanged", kept, "there=base", "keep file: deleted here"},
	{"A file", "moved to the same place", "edited", kept, "there=base", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved to the same place", "deleted", same, "there=base", ""},
	{"A file", "moved to the same place", "moved", same, "there=base", ""},
	{"A file", "moved to the same place", "moved and edited", taken, "there=theirs", `update there: renamed from "file" here and upstream`},
	{"A file", "moved to the same place", "mode changed", kept, "there=base", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved to the same place", "replaced by a folder", merged, "file/inner=another there=base", "create file/inner: new"},

	{"A file", "moved and edited", "unchanged", kept, "away=mine", "keep file: deleted here"},
	{"A file", "moved and edited", "edited", kept, "away=mine", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved and edited", "deleted", same, "away=mine", ""},
	{"A file", "moved and edited", "moved", kept, "away=mine", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "moved and edited", "moved and edited", kept, "away=mine", `keep there: deleted here as "file", which upstream renamed`},
	{"A file", "moved and edited", "mode changed", kept, "away=mine", "keep file: deleted here, though it changed upstream"},
	{"A file", "moved and edited", "replaced by a folder", merged, "away=mine file/inner=another", "create file/inner: new"},

	{"A file", "moved with ppm project move", "unchanged", same, "away=base", ""},
	{"A file", "moved with ppm project move", "edited", merged, "away=theirs", "update away: changed upstream"},
	{"A file", "moved with ppm project move", "deleted", taken, "", "delete away: not edited since it was installed"},
	{"A file", "moved with ppm project move", "moved", same, "away=base", ""},
	{"A file", "moved with ppm project move", "moved and edited", merged, "away=theirs", "update away: changed upstream"},
	{"A file", "moved with ppm project move", "mode changed", merged, "away*=base", "update away: its mode was changed upstream"},
	{"A file", "moved with ppm project move", "replaced by a folder", taken, "file/inner=another", "delete away: not edited since it was installed + create file/inner: new"},

	{"A file", "moved with ppm project move, and edited", "unchanged", kept, "away=mine", "keep away: edited here"},
	{"A file", "moved with ppm project move, and edited", "edited", merged, "away=both", "merge away: was edited here and changed upstream"},
	{"A file", "moved with ppm project move, and edited", "deleted", kept, "away=mine", "keep away: edited here; it stays, and is the user's own now"},
	{"A file", "moved with ppm project move, and edited", "moved", kept, "away=mine", "keep away: edited here"},
	{"A file", "moved with ppm project move, and edited", "moved and edited", merged, "away=both", "merge away: was edited here and changed upstream"},
	{"A file", "moved with ppm project move, and edited", "mode changed", merged, "away*=mine", "update away: its mode was changed upstream"},
	{"A file", "moved with ppm project move, and edited", "replaced by a folder", merged, "away=mine file/inner=another", "keep away: edited here; it stays, and is the user's own now + create file/inner: new"},

	{"A file", "moved with ppm project move to the same place", "unchanged", same, "there=base", ""},
	{"A file", "moved with ppm project move to the same place", "edited", merged, "there=theirs", "update there: changed upstream"},
	{"A file", "moved with ppm project move to the same place", "deleted", taken, "", "delete there: not edited since it was installed"},
	{"A file", "moved with ppm project move to the same place", "moved", same, "there=base", ""},
	{"A file", "moved with ppm project move to the same place", "moved and edited", taken, "there=theirs", "update there: changed upstream"},
	{"A file", "moved with ppm project move to the same place", "mode changed", merged, "there*=base", "update there: its mode was changed upstream"},
	{"A file", "moved with ppm project move to the same place", "replaced by a folder", taken, "file/inner=another", "create file/inner: new + delete there: not edited since it was installed"},

	{"A file", "mode changed", "unchanged", kept, "file*=base", "keep file: its mode was changed here"},
	{"A file", "mode changed", "edited", merged, "file*=theirs", "update file: changed upstream"},
	{"A file", "mode changed", "deleted", kept, "file*=base", "keep file: its mode was changed here; it stays, and is the user's own now"},
	{"A file", "mode changed", "moved", merged, "there*=base", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream`},
	{"A file", "mode changed", "moved and edited", merged, "there*=theirs", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream`},
	{"A file", "mode changed", "mode changed", same, "file*=base", ""},
	{"A file", "mode changed", "replaced by a folder", refused, "file*=base", `writing files: "file/inner" cannot stand there: the mode of "file" was changed here`},

	{"A file", "mode changed, and edited", "unchanged", kept, "file*=mine", "keep file: edited here"},
	{"A file", "mode changed, and edited", "edited", merged, "file*=both", "merge file: was edited here and changed upstream"},
	{"A file", "mode changed, and edited", "deleted", kept, "file*=mine", "keep file: edited here; it stays, and is the user's own now"},
	{"A file", "mode changed, and edited", "moved", merged, "there*=mine", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "mode changed, and edited", "moved and edited", merged, "there*=both", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file", "mode changed, and edited", "mode changed", kept, "file*=mine", "keep file: edited here"},
	{"A file", "mode changed, and edited", "replaced by a folder", refused, "file*=mine", `writing files: "file/inner" cannot stand there: "file" was edited here`},

	{"A file", "replaced by a folder", "unchanged", kept, "file/own=mine", "keep file: is a folder now"},
	{"A file", "replaced by a folder", "edited", refused, "file/own=mine", `writing files: "file" is a folder now and changed upstream`},
	{"A file", "replaced by a folder", "deleted", kept, "file/own=mine", "keep file: is a folder now; it stays, and is the user's own now"},
	{"A file", "replaced by a folder", "moved", merged, "file/own=mine there=base", "keep file: is a folder now; it stays, and is the user's own now + create there: new"},
	{"A file", "replaced by a folder", "moved and edited", merged, "file/own=mine there=theirs", "keep file: is a folder now; it stays, and is the user's own now + create there: new"},
	{"A file", "replaced by a folder", "mode changed", refused, "file/own=mine", `writing files: "file" is a folder now and changed upstream`},
	{"A file", "replaced by a folder", "replaced by a folder", merged, "file/inner=another file/own=mine", "keep file: is a folder now; it stays, and is the user's own now + create file/inner: new"},

	{"A file", "replaced by a link", "unchanged", kept, "file->elsewhere", "keep file: is a symbolic link now"},
	{"A file", "replaced by a link", "edited", refused, "file->elsewhere", `writing files: "file" is a symbolic link now and changed upstream`},
	{"A file", "replaced by a link", "deleted", kept, "file->elsewhere", "keep file: is a symbolic link now; it stays, and is the user's own now"},
	{"A file", "replaced by a link", "moved", merged, "file->elsewhere there=base", "keep file: is a symbolic link now; it stays, and is the user's own now + create there: new"},
	{"A file", "replaced by a link", "moved and edited", merged, "file->elsewhere there=theirs", "keep file: is a symbolic link now; it stays, and is the user's own now + create there: new"},
	{"A file", "replaced by a link", "mode changed", refused, "file->elsewhere", `writing files: "file" is a symbolic link now and changed upstream`},
	{"A file", "replaced by a link", "replaced by a folder", refused, "file->elsewhere", `writing files: "file/inner" cannot stand there: "file" is a symbolic link now`},

	{"A file that is no text", "edited", "edited", conflict, "file=my-bytes file.base=bytes file.ours=my-bytes file.theirs=its-bytes", `keep file: is no text, and was edited here and changed upstream; the versions stand beside it + create file.base: the installed version of "file", until its conflict is settled + create file.ours: your version of "file", until its conflict is settled + create file.theirs: upstream's version of "file", until its conflict is settled`},
	{"A file that is no text", "edited", "deleted", kept, "file=my-bytes", "keep file: edited here; it stays, and is the user's own now"},
	{"A file that is no text", "edited", "moved", merged, "there=my-bytes", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file that is no text", "edited", "mode changed", merged, "file*=my-bytes", "update file: its mode was changed upstream"},

	{"A file that is no text", "edited in the same way", "edited", same, "file=its-bytes", ""},
	{"A file that is no text", "edited in the same way", "deleted", kept, "file=its-bytes", "keep file: edited here; it stays, and is the user's own now"},
	{"A file that is no text", "edited in the same way", "moved", merged, "there=its-bytes", `delete file: renamed to "there" upstream + create there: renamed from "file" upstream; your edits went along`},
	{"A file that is no text", "edited in the same way", "mode changed", merged, "file*=its-bytes", "update file: its mode was changed upstream"},

	{"A file that was not there", "nothing", "added", taken, "file=theirs", "create file: new"},
	{"A file that was not there", "nothing", "added as a folder", taken, "file/inner=another", "create file/inner: new"},

	{"A file that was not there", "the same added", "added", same, "file=theirs", ""},
	{"A file that was not there", "the same added", "added as a folder", refused, "file=theirs", `writing files: "file/inner" cannot stand there: "file" is a file, not installed by ppm`},

	{"A file that was not there", "the same added, executable", "added", taken, "file=theirs", "update file: there already, with another mode"},
	{"A file that was not there", "the same added, executable", "added as a folder", refused, "file*=theirs", `writing files: "file/inner" cannot stand there: "file" is a file, not installed by ppm`},

	{"A file that was not there", "another added", "added", refused, "file=mine", `writing files: "file" exists with other content, not installed by ppm`},
	{"A file that was not there", "another added", "added as a folder", refused, "file=mine", `writing files: "file/inner" cannot stand there: "file" is a file, not installed by ppm`},

	{"A file that was not there", "a folder added", "added", refused, "file/own=mine", `writing files: "file" is a folder, not installed by ppm`},
	{"A file that was not there", "a folder added", "added as a folder", merged, "file/inner=another file/own=mine", "create file/inner: new"},

	{"A file that was not there", "a link added", "added", refused, "file->elsewhere", `writing files: "file" is a symbolic link, not installed by ppm`},
	{"A file that was not there", "a link added", "added as a folder", refused, "file->elsewhere", `writing files: "file/inner" cannot stand there: "file" is a symbolic link, not installed by ppm`},

	{"A folder", "unchanged", "replaced by a file", taken, "file=theirs", "create file: new + delete file/inner: not edited since it was installed"},
	{"A folder", "unchanged", "deleted", taken, "", "delete file/inner: not edited since it was installed"},

	{"A folder", "edited", "replaced by a file", refused, "file/inner=mine", `writing files: "file" is a folder in which files were edited or added`},
	{"A folder", "edited", "deleted", kept, "file/inner=mine", "keep file/inner: edited here; it stays, and is the user's own now"},

	{"A folder", "deleted", "replaced by a file", taken, "file=theirs", "create file: new"},
	{"A folder", "deleted", "deleted", same, "", ""},

	{"A folder", "a file added in it", "replaced by a file", refused, "file/inner=another file/own=mine", `writing files: "file" is a folder in which files were edited or added`},
	{"A folder", "a file added in it", "deleted", merged, "file/own=mine", "delete file/inner: not edited since it was installed"},

	{"A folder", "replaced by the same file", "replaced by a file", kept, "file=theirs", `keep file/inner: out of reach: "file" is a file, not installed by ppm`},
	{"A folder", "replaced by the same file", "deleted", kept, "file=theirs", `keep file/inner: out of reach: "file" is a file, not installed by ppm`},

	{"A folder", "replaced by another file", "replaced by a file", refused, "file=mine", `writing files: "file" exists with other content, not installed by ppm`},
	{"A folder", "replaced by another file", "deleted", kept, "file=mine", `keep file/inner: out of reach: "file" is a file, not installed by ppm`},

	{"A folder", "replaced by a link", "replaced by a file", refused, "file->elsewhere", `writing files: "file" is a symbolic link, not installed by ppm`},
	{"A folder", "replaced by a link", "deleted", kept, "file->elsewhere", `keep file/inner: out of reach: "file" is a symbolic link, not installed by ppm`},
}
