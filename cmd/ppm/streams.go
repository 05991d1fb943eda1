package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// streams is where a command reads and writes, and how.
type streams struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string

	prompt    io.Writer // the terminal that questions go to; nil when no one sits there
	colour    bool      // standard error shows colours
	outColour bool      // standard output does

	json     bool          // one document on standard output, no text
	quiet    bool          // no talk on standard error but errors
	verbose  bool          // more talk
	helpText bytes.Buffer  // what --help says, for the document
	command  string        // the command's full name, for the document
	lines    *bufio.Reader // answers at the terminal, read so far

	notes    []string // talk, kept for the document
	answered bool     // the document has been written
	broken   error    // the first failure to write to standard output

	line     []string          // the command line, as arrange has put it
	member   member            // which project of a workspace this is for; the zero value for a project alone
	proposal *project.Proposal // gets the plan of the command, which then changes nothing; nil for most commands
	held     func() error      // the action of a member's command, until all of them start

	close   func() error // ends the session that the command opened; nil when it opened none
	changed func() bool  // whether the command has changed a project; nil when it opened none
}

func newStreams(in, out, err *os.File, getenv func(string) string) *streams {
	terminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	colours := getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	s := &streams{
		in: in, out: out, err: err, getenv: getenv,
		colour: colours && terminal(err), outColour: colours && terminal(out),
	}
	switch {
	case !terminal(in):
	case terminal(err):
		s.prompt = err
	default: // standard error goes elsewhere, so ask at the terminal itself; the process' end closes it
		if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			s.prompt = tty
		}
	}
	return s
}

// printf writes a part of the result as text; with --json it writes nothing.
func (s *streams) printf(format string, args ...any) {
	s.write(printable(fmt.Sprintf(format, args...)))
}

// write writes a part of the result that is fit to print.
func (s *streams) write(text string) {
	if s.json {
		return
	}
	if _, err := io.WriteString(s.out, text); err != nil && s.broken == nil {
		s.broken = err
	}
}

// note says something on standard error that is not part of the result.
func (s *streams) note(text string) {
	s.notes = append(s.notes, printable(text))
	if !s.json && !s.quiet {
		s.talk("note", text)
	}
}

// aside is note for what is worth saying of one project, but not of each in a workspace.
func (s *streams) aside(text string) {
	if s.member.path == "" || s.json || s.verbose {
		s.note(text)
	}
}

// progress says what is being done, when asked for by -v.
func (s *streams) progress(text string) {
	s.talk("", text)
}

func (s *streams) talk(label, text string) {
	prefix := "ppm: "
	if label != "" {
		colours := map[string]string{"error": "\x1b[1;31m", "hint": "\x1b[1;36m", "note": "\x1b[1;33m"}
		if s.colour {
			label = colours[label] + label + "\x1b[0m"
		}
		prefix += label + ": "
	}
	if s.member.path != "" {
		prefix += printable(s.member.path) + ": "
	}
	fmt.Fprintln(s.err, prefix+strings.TrimRight(printable(text), "\n"))
}

// A document is what --json prints: one envelope for every command. docs/json.md describes it.
type document struct {
	Version int      `json:"version"`
	Command string   `json:"command"`
	OK      bool     `json:"ok"`
	Result  any      `json:"result,omitempty"`
	Error   *problem `json:"error,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

type problem struct {
	Kind    string `json:"kind"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

const documentVersion = 1

// answer writes the result as a document when --json asks for one. It returns nil, to end a command with:
// what cannot be written is finish's to tell.
func (s *streams) answer(result any) error {
	if s.json {
		s.send(document{OK: true, Result: result})
	}
	return nil
}

// answerWith is answer for a command that has a result although it fails, such as a check that found something.
func (s *streams) answerWith(result any, err error) error {
	if err == nil {
		return s.answer(result)
	}
	if s.json {
		s.send(document{Result: result, Error: problemOf(err, int(failure.KindOf(err)))})
	}
	return err
}

func (s *streams) send(d document) {
	d.Version, d.Command, d.Notes = documentVersion, s.command, s.notes
	s.answered = true
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil && s.broken == nil {
		s.broken = err
	}
}

func problemOf(err error, code int) *problem {
	return &problem{
		Kind: failure.KindOf(err).Error(), Code: code,
		Message: printable(err.Error()), Hint: printable(failure.Hint(err)),
	}
}

// finish reports err and returns the exit code.
func (s *streams) finish(ctx context.Context, err error) int {
	if s.close != nil {
		err = errors.Join(err, s.close())
	}
	if s.json && !s.answered && err == nil {
		s.send(document{OK: true, Result: map[string]string{"help": s.helpText.String()}})
	} else if s.json && !s.answered {
		s.send(document{Error: problemOf(err, exitCode(ctx, err))})
	}
	switch {
	case err != nil || s.broken == nil:
	case s.changed != nil && s.changed(): // an exit code of 6 would say that nothing has
		s.talk("note", fmt.Sprintf("ppm %s is done, but its result cannot be written: %v", s.command, s.broken))
	default:
		err = failure.Errorf(failure.LocalIO, "writing the result: %w", s.broken).
			WithHint("make room where standard output goes, and run it again")
	}
	code := exitCode(ctx, err)
	if err == nil || s.json && s.broken == nil {
		return code
	}
	s.talk("error", oneLine(err))
	var syntax *ref.SyntaxError
	if errors.As(err, &syntax) {
		for line := range strings.SplitSeq(syntax.Caret(), "\n") {
			fmt.Fprintln(s.err, "       "+printable(line))
		}
	}
	if hint := failure.Hint(err); hint != "" {
		s.talk("hint", hint)
	}
	return code
}

func oneLine(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted; nothing was changed"
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ") // several errors, or a name with a line break in it
}
