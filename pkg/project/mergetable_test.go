package project_test

// mergeCases has the expected result of each case. TestMergeCases prints the result of a case that is missing.
var mergeCases = []mergeCase{
	{"A file", "unchanged", "unchanged", same, "file=base", ""},
	{"A file", "unchanged", "edited", taken, "file=theirs", "update file: changed upstream"},
	{"A file", "unchanged", "deleted", taken, "", "delete file: not edited locally"},
	{"A file", "unchanged", "moved", taken, "there=base", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream`)},
	{"A file", "unchanged", "moved and edited", taken, "there=theirs", join(
		"delete file: not edited locally",
		"create there: new")},
	{"A file", "unchanged", "mode changed", taken, "file*=base", "update file: mode changed upstream"},
	{"A file", "unchanged", "replaced by a folder", taken, "file/inner=another", join(
		"delete file: not edited locally",
		"create file/inner: new")},

	{"A file", "edited", "unchanged", kept, "file=mine", "keep file: edited locally"},
	{"A file", "edited", "edited", merged, "file=both", "merge file: changed locally and upstream"},
	{"A file", "edited", "deleted", kept, "file=mine",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "edited", "moved", merged, "there=mine", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "edited", "moved and edited", merged, "there=both", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "edited", "mode changed", merged, "file*=mine", "update file: mode changed upstream"},
	{"A file", "edited", "replaced by a folder", refused, "file=mine",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "edited in the same lines", "unchanged", kept, "file=clash", "keep file: edited locally"},
	{"A file", "edited in the same lines", "edited", conflict, "file=clash|theirs",
		"merge file: changed locally and upstream, 1 conflict"},
	{"A file", "edited in the same lines", "deleted", kept, "file=clash",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "edited in the same lines", "moved", merged, "there=clash", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "edited in the same lines", "moved and edited", conflict, "there=clash|theirs", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream, and changed locally and upstream, 1 conflict`)},
	{"A file", "edited in the same lines", "mode changed", merged, "file*=clash",
		"update file: mode changed upstream"},
	{"A file", "edited in the same lines", "replaced by a folder", refused, "file=clash",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "edited identically", "unchanged", kept, "file=theirs", "keep file: edited locally"},
	{"A file", "edited identically", "edited", same, "file=theirs", ""},
	{"A file", "edited identically", "deleted", kept, "file=theirs",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "edited identically", "moved", merged, "there=theirs", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "edited identically", "moved and edited", taken, "there=theirs", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "edited identically", "mode changed", merged, "file*=theirs", "update file: mode changed upstream"},
	{"A file", "edited identically", "replaced by a folder", refused, "file=theirs",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "deleted", "unchanged", kept, "", "keep file: deleted locally"},
	{"A file", "deleted", "edited", kept, "", "keep file: deleted locally, changed upstream"},
	{"A file", "deleted", "deleted", same, "", ""},
	{"A file", "deleted", "moved", kept, "", `keep there: deleted locally as "file", renamed upstream`},
	{"A file", "deleted", "moved and edited", kept, "", `keep there: deleted locally as "file", renamed upstream`},
	{"A file", "deleted", "mode changed", kept, "", "keep file: deleted locally, changed upstream"},
	{"A file", "deleted", "replaced by a folder", taken, "file/inner=another", "create file/inner: new"},

	{"A file", "moved", "unchanged", kept, "away=base", "keep file: deleted locally"},
	{"A file", "moved", "edited", kept, "away=base", "keep file: deleted locally, changed upstream"},
	{"A file", "moved", "deleted", same, "away=base", ""},
	{"A file", "moved", "moved", kept, "away=base", `keep there: deleted locally as "file", renamed upstream`},
	{"A file", "moved", "moved and edited", kept, "away=base",
		`keep there: deleted locally as "file", renamed upstream`},
	{"A file", "moved", "mode changed", kept, "away=base", "keep file: deleted locally, changed upstream"},
	{"A file", "moved", "replaced by a folder", merged, "away=base file/inner=another", "create file/inner: new"},

	{"A file", "moved to the same path", "unchanged", kept, "there=base", "keep file: deleted locally"},
	{"A file", "moved to the same path", "edited", kept, "there=base", "keep file: deleted locally, changed upstream"},
	{"A file", "moved to the same path", "deleted", same, "there=base", ""},
	{"A file", "moved to the same path", "moved", same, "there=base", ""},
	{"A file", "moved to the same path", "moved and edited", taken, "there=theirs",
		`update there: renamed from "file" locally and upstream`},
	{"A file", "moved to the same path", "mode changed", kept, "there=base",
		"keep file: deleted locally, changed upstream"},
	{"A file", "moved to the same path", "replaced by a folder", merged, "file/inner=another there=base",
		"create file/inner: new"},

	{"A file", "moved and edited", "unchanged", kept, "away=mine", "keep file: deleted locally"},
	{"A file", "moved and edited", "edited", kept, "away=mine", "keep file: deleted locally, changed upstream"},
	{"A file", "moved and edited", "deleted", same, "away=mine", ""},
	{"A file", "moved and edited", "moved", kept, "away=mine",
		`keep there: deleted locally as "file", renamed upstream`},
	{"A file", "moved and edited", "moved and edited", kept, "away=mine",
		`keep there: deleted locally as "file", renamed upstream`},
	{"A file", "moved and edited", "mode changed", kept, "away=mine", "keep file: deleted locally, changed upstream"},
	{"A file", "moved and edited", "replaced by a folder", merged, "away=mine file/inner=another",
		"create file/inner: new"},

	{"A file", "moved with ppm project move", "unchanged", same, "away=base", ""},
	{"A file", "moved with ppm project move", "edited", merged, "away=theirs", "update away: changed upstream"},
	{"A file", "moved with ppm project move", "deleted", taken, "", "delete away: not edited locally"},
	{"A file", "moved with ppm project move", "moved", same, "away=base", ""},
	{"A file", "moved with ppm project move", "moved and edited", merged, "away=theirs",
		"update away: changed upstream"},
	{"A file", "moved with ppm project move", "mode changed", merged, "away*=base",
		"update away: mode changed upstream"},
	{"A file", "moved with ppm project move", "replaced by a folder", taken, "file/inner=another", join(
		"delete away: not edited locally",
		"create file/inner: new")},

	{"A file", "moved with ppm project move, and edited", "unchanged", kept, "away=mine", "keep away: edited locally"},
	{"A file", "moved with ppm project move, and edited", "edited", merged, "away=both",
		"merge away: changed locally and upstream"},
	{"A file", "moved with ppm project move, and edited", "deleted", kept, "away=mine",
		"keep away: kept because you edited it; ppm no longer tracks it"},
	{"A file", "moved with ppm project move, and edited", "moved", kept, "away=mine", "keep away: edited locally"},
	{"A file", "moved with ppm project move, and edited", "moved and edited", merged, "away=both",
		"merge away: changed locally and upstream"},
	{"A file", "moved with ppm project move, and edited", "mode changed", merged, "away*=mine",
		"update away: mode changed upstream"},
	{"A file", "moved with ppm project move, and edited", "replaced by a folder",
		merged, "away=mine file/inner=another",
		join(
			"keep away: kept because you edited it; ppm no longer tracks it",
			"create file/inner: new")},

	{"A file", "moved with ppm project move to the same path", "unchanged", same, "there=base", ""},
	{"A file", "moved with ppm project move to the same path", "edited", merged, "there=theirs",
		"update there: changed upstream"},
	{"A file", "moved with ppm project move to the same path", "deleted", taken, "",
		"delete there: not edited locally"},
	{"A file", "moved with ppm project move to the same path", "moved", same, "there=base", ""},
	{"A file", "moved with ppm project move to the same path", "moved and edited", taken, "there=theirs",
		"update there: changed upstream"},
	{"A file", "moved with ppm project move to the same path", "mode changed", merged, "there*=base",
		"update there: mode changed upstream"},
	{"A file", "moved with ppm project move to the same path", "replaced by a folder", taken, "file/inner=another",
		join(
			"create file/inner: new",
			"delete there: not edited locally")},

	{"A file", "mode changed", "unchanged", kept, "file*=base", "keep file: mode changed locally"},
	{"A file", "mode changed", "edited", merged, "file*=theirs", "update file: changed upstream"},
	{"A file", "mode changed", "deleted", kept, "file*=base",
		"keep file: kept because you changed its mode; ppm no longer tracks it"},
	{"A file", "mode changed", "moved", merged, "there*=base", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream`)},
	{"A file", "mode changed", "moved and edited", merged, "there*=theirs", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream`)},
	{"A file", "mode changed", "mode changed", same, "file*=base", ""},
	{"A file", "mode changed", "replaced by a folder", refused, "file*=base",
		`writing files: "file/inner" cannot be created: the mode of "file" was changed locally`},

	{"A file", "mode changed, and edited", "unchanged", kept, "file*=mine", "keep file: edited locally"},
	{"A file", "mode changed, and edited", "edited", merged, "file*=both", "merge file: changed locally and upstream"},
	{"A file", "mode changed, and edited", "deleted", kept, "file*=mine",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "mode changed, and edited", "moved", merged, "there*=mine", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "mode changed, and edited", "moved and edited", merged, "there*=both", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "mode changed, and edited", "mode changed", kept, "file*=mine", "keep file: edited locally"},
	{"A file", "mode changed, and edited", "replaced by a folder", refused, "file*=mine",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "line endings changed", "unchanged", same, "file=base-crlf", ""},
	{"A file", "line endings changed", "edited", merged, "file=theirs-crlf", "update file: changed upstream"},
	{"A file", "line endings changed", "deleted", taken, "", "delete file: not edited locally"},
	{"A file", "line endings changed", "moved", merged, "there=base-crlf", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream`)},
	{"A file", "line endings changed", "moved and edited", merged, "there=theirs-crlf", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream`)},
	{"A file", "line endings changed", "mode changed", merged, "file*=base-crlf",
		"update file: mode changed upstream"},
	{"A file", "line endings changed", "replaced by a folder", taken, "file/inner=another", join(
		"delete file: not edited locally",
		"create file/inner: new")},

	{"A file", "line endings changed, and edited", "unchanged", kept, "file=mine-crlf", "keep file: edited locally"},
	{"A file", "line endings changed, and edited", "edited", merged, "file=both-crlf",
		"merge file: changed locally and upstream"},
	{"A file", "line endings changed, and edited", "deleted", kept, "file=mine-crlf",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "line endings changed, and edited", "moved", merged, "there=mine-crlf", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "line endings changed, and edited", "moved and edited", merged, "there=both-crlf", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A file", "line endings changed, and edited", "mode changed", merged, "file*=mine-crlf",
		"update file: mode changed upstream"},
	{"A file", "line endings changed, and edited", "replaced by a folder", refused, "file=mine-crlf",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "edited, and another file added at the new path", "unchanged", kept, "file=mine there=clash",
		"keep file: edited locally"},
	{"A file", "edited, and another file added at the new path", "edited", merged, "file=both there=clash",
		"merge file: changed locally and upstream"},
	{"A file", "edited, and another file added at the new path", "deleted", kept, "file=mine there=clash",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A file", "edited, and another file added at the new path", "moved", conflict, "file=mine there=clash|base", join(
		"keep file: kept because you edited it; ppm no longer tracks it",
		"merge there: added locally and upstream, 1 conflict")},
	{"A file", "edited, and another file added at the new path", "moved and edited",
		conflict, "file=mine there=clash|theirs",
		join(
			"keep file: kept because you edited it; ppm no longer tracks it",
			"merge there: added locally and upstream, 1 conflict")},
	{"A file", "edited, and another file added at the new path", "mode changed", merged, "file*=mine there=clash",
		"update file: mode changed upstream"},
	{"A file", "edited, and another file added at the new path", "replaced by a folder",
		refused, "file=mine there=clash",
		`writing files: "file/inner" cannot be created: "file" was edited locally`},

	{"A file", "moved to the same path, and edited", "unchanged", kept, "there=mine", "keep file: deleted locally"},
	{"A file", "moved to the same path, and edited", "edited", kept, "there=mine",
		"keep file: deleted locally, changed upstream"},
	{"A file", "moved to the same path, and edited", "deleted", same, "there=mine", ""},
	{"A file", "moved to the same path, and edited", "moved", kept, "there=mine",
		`keep there: renamed from "file" locally and upstream; your edits are kept`},
	{"A file", "moved to the same path, and edited", "moved and edited", merged, "there=both",
		`merge there: renamed from "file" locally and upstream; your edits are kept`},
	{"A file", "moved to the same path, and edited", "mode changed", kept, "there=mine",
		"keep file: deleted locally, changed upstream"},
	{"A file", "moved to the same path, and edited", "replaced by a folder", merged, "file/inner=another there=mine",
		"create file/inner: new"},

	{"A file", "replaced by a folder", "unchanged", kept, "file/own=mine", "keep file: is a folder now"},
	{"A file", "replaced by a folder", "edited", refused, "file/own=mine",
		`writing files: "file" is a folder now, but changed upstream`},
	{"A file", "replaced by a folder", "deleted", kept, "file/own=mine",
		"keep file: kept because it is a folder now; ppm no longer tracks it"},
	{"A file", "replaced by a folder", "moved", merged, "file/own=mine there=base", join(
		"keep file: kept because it is a folder now; ppm no longer tracks it",
		"create there: new")},
	{"A file", "replaced by a folder", "moved and edited", merged, "file/own=mine there=theirs", join(
		"keep file: kept because it is a folder now; ppm no longer tracks it",
		"create there: new")},
	{"A file", "replaced by a folder", "mode changed", refused, "file/own=mine",
		`writing files: "file" is a folder now, but changed upstream`},
	{"A file", "replaced by a folder", "replaced by a folder", merged, "file/inner=another file/own=mine", join(
		"keep file: kept because it is a folder now; ppm no longer tracks it",
		"create file/inner: new")},

	{"A file", "replaced by a link", "unchanged", kept, "file->elsewhere", "keep file: is a symbolic link now"},
	{"A file", "replaced by a link", "edited", refused, "file->elsewhere",
		`writing files: "file" is a symbolic link now, but changed upstream`},
	{"A file", "replaced by a link", "deleted", kept, "file->elsewhere",
		"keep file: kept because it is a symbolic link now; ppm no longer tracks it"},
	{"A file", "replaced by a link", "moved", merged, "file->elsewhere there=base", join(
		"keep file: kept because it is a symbolic link now; ppm no longer tracks it",
		"create there: new")},
	{"A file", "replaced by a link", "moved and edited", merged, "file->elsewhere there=theirs", join(
		"keep file: kept because it is a symbolic link now; ppm no longer tracks it",
		"create there: new")},
	{"A file", "replaced by a link", "mode changed", refused, "file->elsewhere",
		`writing files: "file" is a symbolic link now, but changed upstream`},
	{"A file", "replaced by a link", "replaced by a folder", refused, "file->elsewhere",
		`writing files: "file/inner" cannot be created: "file" is a symbolic link now`},

	{"A binary file", "edited", "edited",
		conflict, "file=my-bytes file.base=bytes file.ours=my-bytes file.theirs=its-bytes",
		join(
			"keep file: binary, changed locally and upstream; each version is saved next to it",
			`create file.base: the installed version of "file", until the conflict is resolved`,
			`create file.ours: your version of "file", until the conflict is resolved`,
			`create file.theirs: upstream's version of "file", until the conflict is resolved`)},
	{"A binary file", "edited", "deleted", kept, "file=my-bytes",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A binary file", "edited", "moved", merged, "there=my-bytes", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A binary file", "edited", "mode changed", merged, "file*=my-bytes", "update file: mode changed upstream"},

	{"A binary file", "edited identically", "edited", same, "file=its-bytes", ""},
	{"A binary file", "edited identically", "deleted", kept, "file=its-bytes",
		"keep file: kept because you edited it; ppm no longer tracks it"},
	{"A binary file", "edited identically", "moved", merged, "there=its-bytes", join(
		`delete file: renamed to "there" upstream`,
		`create there: renamed from "file" upstream; your edits are kept`)},
	{"A binary file", "edited identically", "mode changed", merged, "file*=its-bytes",
		"update file: mode changed upstream"},

	{"A new file", "no file", "added", taken, "file=theirs", "create file: new"},
	{"A new file", "no file", "added as a folder", taken, "file/inner=another", "create file/inner: new"},

	{"A new file", "same file added", "added", same, "file=theirs", ""},
	{"A new file", "same file added", "added as a folder", refused, "file=theirs",
		`writing files: "file/inner" cannot be created: "file" is a file, not installed by ppm`},

	{"A new file", "same file added, executable", "added", taken, "file=theirs",
		"update file: already there, with a different mode"},
	{"A new file", "same file added, executable", "added as a folder", refused, "file*=theirs",
		`writing files: "file/inner" cannot be created: "file" is a file, not installed by ppm`},

	{"A new file", "different file added", "added", conflict, "file=mine|theirs",
		"merge file: added locally and upstream, 2 conflicts"},
	{"A new file", "different file added", "added as a folder", refused, "file=mine",
		`writing files: "file/inner" cannot be created: "file" is a file, not installed by ppm`},

	{"A new file", "different binary file added", "added",
		conflict, "file=my-bytes file.ours=my-bytes file.theirs=theirs",
		join(
			"keep file: binary, added locally and upstream; each version is saved next to it",
			`create file.ours: your version of "file", until the conflict is resolved`,
			`create file.theirs: upstream's version of "file", until the conflict is resolved`)},
	{"A new file", "different binary file added", "added as a folder", refused, "file=my-bytes",
		`writing files: "file/inner" cannot be created: "file" is a file, not installed by ppm`},

	{"A new file", "folder added", "added", refused, "file/own=mine",
		`writing files: "file" is a folder, not installed by ppm`},
	{"A new file", "folder added", "added as a folder", merged, "file/inner=another file/own=mine",
		"create file/inner: new"},

	{"A new file", "link added", "added", refused, "file->elsewhere",
		`writing files: "file" is a symbolic link, not installed by ppm`},
	{"A new file", "link added", "added as a folder", refused, "file->elsewhere",
		`writing files: "file/inner" cannot be created: "file" is a symbolic link, not installed by ppm`},

	{"A folder", "unchanged", "replaced by a file", taken, "file=theirs", join(
		"create file: new",
		"delete file/inner: not edited locally")},
	{"A folder", "unchanged", "deleted", taken, "", "delete file/inner: not edited locally"},

	{"A folder", "edited", "replaced by a file", refused, "file/inner=mine",
		`writing files: "file" is a folder with edited or added files`},
	{"A folder", "edited", "deleted", kept, "file/inner=mine",
		"keep file/inner: kept because you edited it; ppm no longer tracks it"},

	{"A folder", "deleted", "replaced by a file", taken, "file=theirs", "create file: new"},
	{"A folder", "deleted", "deleted", same, "", ""},

	{"A folder", "file added in it", "replaced by a file", refused, "file/inner=another file/own=mine",
		`writing files: "file" is a folder with edited or added files`},
	{"A folder", "file added in it", "deleted", merged, "file/own=mine", "delete file/inner: not edited locally"},

	{"A folder", "replaced by the same file", "replaced by a file", kept, "file=theirs",
		`keep file/inner: cannot be reached: "file" is a file, not installed by ppm`},
	{"A folder", "replaced by the same file", "deleted", kept, "file=theirs",
		`keep file/inner: cannot be reached: "file" is a file, not installed by ppm`},

	{"A folder", "replaced by another file", "replaced by a file", conflict, "file=mine|theirs", join(
		"merge file: added locally and upstream, 2 conflicts",
		`keep file/inner: cannot be reached: "file" is a file, not installed by ppm`)},
	{"A folder", "replaced by another file", "deleted", kept, "file=mine",
		`keep file/inner: cannot be reached: "file" is a file, not installed by ppm`},

	{"A folder", "replaced by a link", "replaced by a file", refused, "file->elsewhere",
		`writing files: "file" is a symbolic link, not installed by ppm`},
	{"A folder", "replaced by a link", "deleted", kept, "file->elsewhere",
		`keep file/inner: cannot be reached: "file" is a symbolic link, not installed by ppm`},
}
