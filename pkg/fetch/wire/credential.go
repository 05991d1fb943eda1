package wire

// A credential authenticates the user to one site.
type credential struct {
	source         string // where it was found, for messages
	user, password string
	fromHelper     bool // git's credential helper must be told whether the server accepts it
}
