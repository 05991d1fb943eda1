package wire

// A credential authenticates the user to one site.
type credential struct {
	source         string // where it was found, for messages
	user, password string
	header         string // the value of the field Authorization, in place of user and password
	fromHelper     bool   // git's credential helper must be told whether the server accepts it
}
