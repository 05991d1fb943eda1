package index

// isMine trusts what Windows lets the user write: a folder above a project is no place for others there.
func isMine(string) (bool, error) { return true, nil }
