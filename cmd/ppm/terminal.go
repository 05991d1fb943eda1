package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
)

// A terminal is where a command reads, writes and asks.
type terminal struct {
	in        io.Reader
	out       io.Writer     // results
	err       io.Writer     // messages
	questions io.Writer     // nil when nobody can answer
	answers   *bufio.Reader // reads in; nil until the first question
	colour    bool          // err shows colours
	outColour bool          // out shows colours
	outScreen bool          // out is the screen of a user, and not a file or a pipe
	prefix    string        // of each message, such as "services/a: "
	failed    error         // the first failure to write to out
}

// newTerminal returns the terminal of a process. Colours are off when NO_COLOR is set.
func newTerminal(in, out, err *os.File, getenv func(string) string) *terminal {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	colours := getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	t := &terminal{
		in: in, out: out, err: err,
		colour: colours && isTerminal(err), outColour: colours && isTerminal(out), outScreen: isTerminal(out),
	}
	switch {
	case !isTerminal(in):
	case isTerminal(err):
		t.questions = err
	default: // standard error is redirected, so ask at the terminal itself; the end of the process closes it
		if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			t.questions = tty
		}
	}
	return t
}

// Write implements io.Writer, for the help.
func (t *terminal) Write(p []byte) (int, error) {
	t.write(string(p))
	return len(p), nil
}

// write writes a part of the result. The caller makes the text printable.
func (t *terminal) write(text string) {
	if _, err := io.WriteString(t.out, text); err != nil && t.failed == nil {
		t.failed = err
	}
}

var labelColours = map[string]string{"error": "\x1b[1;31m", "hint": "\x1b[1;36m", "note": "\x1b[1;33m"}

// message writes a message to standard error. Its label is error, hint, note or empty.
func (t *terminal) message(label, text string) {
	prefix := "ppm: "
	if label != "" {
		if t.colour {
			label = labelColours[label] + label + "\x1b[0m"
		}
		prefix += label + ": "
	}
	fmt.Fprintln(t.err, prefix+t.prefix+strings.TrimRight(printable(text), "\n"))
}

// ask prints a question and reads one line. Cancelling ctx ends the wait.
func (t *terminal) ask(ctx context.Context, q install.Question) (string, error) {
	text := q.Key
	if q.Description != "" {
		text += ", " + q.Description
	}
	if len(q.Choices) > 0 {
		text += " (" + strings.Join(q.Choices, ", ") + ")"
	}
	if !q.Required {
		text += " [" + q.Default + "]"
	}
	fmt.Fprintf(t.questions, "%s: ", printable(text))

	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		if t.answers == nil {
			t.answers = bufio.NewReader(t.in)
		}
		line, err := t.answers.ReadString('\n')
		if err == io.EOF {
			err = nil // the end of the input counts as an empty line, which means the default
		}
		read <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case a := <-read:
		return a.line, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
