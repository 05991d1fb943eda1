package architecture_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// notLimits are constants with the name of a limit that bound no input.
var notLimits = map[string]string{
	"pkg/difftool maxAge":            "the age of files that are removed",
	"pkg/fetch maxHistory":           "tries, each of which is bounded",
	"pkg/fetch maxReads":             "tries, each of which is bounded",
	"pkg/fetch maxIdle":              "the age of a connection that is used again",
	"pkg/signature maxSeconds":       "the last year that a date can have",
	"pkg/git/objects maxDeltaHeader": "the size of a buffer",
}

// limitsOf returns the values of a package's constants that begin with max, and of the fields of
// its default limits, by folder and name.
func limitsOf(t *testing.T, dir string) map[string]constant.Value {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: onlyTime{}, Error: func(error) {}} // constants need no other imports
	pkg, _ := config.Check(dir, fset, files, info)
	found := map[string]constant.Value{}
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if ok && regexp.MustCompile("^[mM]ax[A-Z]|^lockWait$").MatchString(name) {
			found[dir+" "+name] = c.Val()
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || !strings.EqualFold(v.Names[0].Name, "defaultLimits") {
				return true
			}
			for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
				kv := e.(*ast.KeyValueExpr)
				found[fmt.Sprintf("%s %s.%s", dir, v.Names[0].Name, kv.Key)] = info.Types[kv.Value].Value
			}
			return false
		})
	}
	return found
}

// onlyTime imports a package time that has nothing but the units.
type onlyTime struct{}

func (onlyTime) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, errors.New("not imported")
	}
	p := types.NewPackage("time", "time")
	duration := types.NewNamed(types.NewTypeName(token.NoPos, p, "Duration", nil), types.Typ[types.Int64], nil)
	p.Scope().Insert(duration.Obj())
	for name, value := range map[string]int64{"Millisecond": 1e6, "Second": 1e9, "Minute": 60e9, "Hour": 3600e9} {
		p.Scope().Insert(types.NewConst(token.NoPos, p, name, duration, constant.MakeInt64(value)))
	}
	p.MarkComplete()
	return p, nil
}

// documentedLimit reads a limit such as "64 MiB", "1,000" or "30 s".
func documentedLimit(t *testing.T, text string) constant.Value {
	t.Helper()
	number, unit, _ := strings.Cut(text, " ")
	n, err := strconv.ParseInt(strings.ReplaceAll(number, ",", ""), 10, 64)
	factor, ok := map[string]int64{
		"": 1, "bytes": 1, "characters": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
		"s": 1e9, "min": 60e9, "h": 3600e9,
	}[unit]
	if err != nil || !ok {
		t.Errorf("docs/limits.md: %q is not a limit", text)
	}
	return constant.MakeInt64(n * factor)
}

// Every limit of the code is in docs/limits.md with its value, and nothing else is.
func TestLimitsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	row := regexp.MustCompile("(?m)^\\|.*\\| ([^|]+) \\| `([a-z/0-9]+)` `([A-Za-z.]+)` \\|$")
	for _, m := range row.FindAllSubmatch(doc, -1) {
		documented[string(m[2])+" "+string(m[3])] = string(m[1])
	}
	for _, p := range packages(t) {
		dir := strings.TrimPrefix(p.ImportPath, module)
		if !strings.HasPrefix(dir, "pkg/") && dir != "cmd/ppm" {
			continue
		}
		for name, value := range limitsOf(t, dir) {
			text, ok := documented[name]
			delete(documented, name)
			switch {
			case notLimits[name] != "":
			case !ok:
				t.Errorf("docs/limits.md does not have %s, %s", name, value)
			case !constant.Compare(constant.ToInt(value), token.EQL, documentedLimit(t, text)):
				t.Errorf("docs/limits.md says that %s is %s; it is %s", name, text, value)
			}
		}
	}
	for name := range documented {
		t.Errorf("docs/limits.md has %s, which is not in the code", name)
	}
}
