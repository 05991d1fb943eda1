package langdeps

// Need is the former name of Requirement.
type Need = Requirement

// Family is the former name of Ecosystem.
func Family(language string) string { return Ecosystem(language) }
