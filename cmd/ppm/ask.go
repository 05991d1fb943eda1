package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// ask puts a question on the terminal and reads one line. An interrupt ends the wait.
func (s *streams) ask(ctx context.Context, q project.Question) (string, error) {
	text := q.Key
	if q.Description != "" {
		text += ", " + q.Description
	}
	if len(q.Choices) > 0 {
		text += " (" + strings.Join(q.Choices, ", ") + ")"
	}
	fmt.Fprintf(s.prompt, "%s [%s]: ", printable(text), printable(q.Default))

	type answer struct {
		line string
		err  error
	}
	read := make(chan answer, 1)
	go func() {
		if s.lines == nil {
			s.lines = bufio.NewReader(s.in)
		}
		line, err := s.lines.ReadString('\n')
		if err == io.EOF {
			err = nil // closed input answers like an empty line: the default
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
