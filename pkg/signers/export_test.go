package signers

// WithProblem returns a result with the reason why its signature is not trusted.
func WithProblem(r Result, problem error) Result {
	r.problem = problem
	return r
}
