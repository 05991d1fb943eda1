package ref

// A GitRef is a ref of a git repository.
type GitRef struct {
	Name   string // full name: "HEAD", "refs/tags/…", "refs/heads/…"; "" for a commit that was requested by its id
	Object string // id of a commit, or of the tag object of an annotated tag
	Commit string // id of the commit, peeled
	Target string // full name of the branch that HEAD points to; "" for other refs
}

// A Pin is an exact reference. It always denotes the same content.
type Pin struct {
	URL    string // clone URL without credentials, or "builtin:NAME"
	Ref    string // full name of the resolved ref; "" for a bare commit
	Object string // id of the tag object of an annotated tag, else equal to Commit
	Commit string // full id of the commit, lower-case hex
}
