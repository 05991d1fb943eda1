package ref

// A GitRef is one line of a repository's list of refs.
type GitRef struct {
	Name   string // full name: "HEAD", "refs/tags/…", "refs/heads/…"; empty for a commit that was asked for by its id
	Object string // id of the object the ref names: a commit, or the tag object of an annotated tag
	Commit string // id of the commit, peeled
	Target string // for HEAD: the full name of the branch it stands for; otherwise empty
}

// A Pin is a reference made exact: nothing in it can change when looked up again.
type Pin struct {
	URL    string // clone URL without credentials, or "builtin:NAME"
	Ref    string // full name of the ref it was found by; empty for a bare commit
	Object string // id of the tag object of an annotated tag, else equal to Commit
	Commit string // full id of the commit, lower-case hex
}
