package license

import (
	_ "embed"
	"strings"
	"sync"
)

// The identifiers of SPDX's lists of licenses and exceptions, the deprecated ones included, version 3.29: one on each
// line.
var (
	//go:embed licenses.txt
	licenseList string
	//go:embed exceptions.txt
	exceptionList string
)

var (
	knownLicenses   = sync.OnceValue(func() map[string]string { return identifiers(licenseList) })
	knownExceptions = sync.OnceValue(func() map[string]string { return identifiers(exceptionList) })
)

// identifiers returns the identifiers of a list by their lower case: SPDX compares them without regard to case.
func identifiers(list string) map[string]string {
	out := map[string]string{}
	for id := range strings.Lines(list) {
		id = strings.TrimSpace(id)
		out[strings.ToLower(id)] = id
	}
	return out
}

// Standard returns the expression with the identifiers of SPDX's lists, in their own case, and with a name that begins
// with RefPrefix for each license that is not in them. refs has the license by that name; it contains those that
// already had one.
func (e Expression) Standard() (out Expression, refs map[string]string) {
	refs = map[string]string{}
	root := e.root.standard(refs)
	return Expression{root.String(), root}, refs
}

func (n node) standard(refs map[string]string) node {
	if n.operator != "" {
		n.left, n.right = new(n.left.standard(refs)), new(n.right.standard(refs))
		return n
	}
	if n.license == "" {
		return n
	}
	if known, ok := standardLicense(n.license); ok {
		return node{license: known}
	}
	name := n.license
	if !strings.HasPrefix(name, RefPrefix) {
		name = RefPrefix + strings.NewReplacer(" ", "-", ":", "-", "+", "-or-later").Replace(name)
	}
	refs[name] = n.license
	return node{license: name}
}

// standardLicense returns a license, perhaps with "+" and an exception, in SPDX's own case.
func standardLicense(license string) (string, bool) {
	license, exception, hasException := strings.Cut(license, " WITH ")
	id, orLater := strings.CutSuffix(license, "+")
	id, ok := knownLicenses()[strings.ToLower(id)]
	if orLater {
		id += "+"
	}
	if hasException && ok {
		exception, ok = knownExceptions()[strings.ToLower(exception)]
		id += " WITH " + exception
	}
	return id, ok
}

// String returns the node as an expression, with the parentheses that it needs.
func (n node) String() string {
	if n.operator == "" {
		return n.license
	}
	text := func(side *node) string {
		if n.operator == "AND" && side.operator == "OR" {
			return "(" + side.String() + ")"
		}
		return side.String()
	}
	return text(n.left) + " " + n.operator + " " + text(n.right)
}
