package ref

// Names of git refs.
const (
	Head         = "HEAD"
	TagPrefix    = "refs/tags/"
	BranchPrefix = "refs/heads/"
)
