package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"golang.org/x/net/html"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// maxMessage is how many bytes of the body of an error are read.
const maxMessage = 16 << 10

// readMessage returns the first sentence of the body of an error, "" when it has no text. A secret is removed before
// the text is cut, so that no part of it is left.
func readMessage(g *guard, resp *http.Response, hide *secrets) string {
	var data []byte
	_, _ = g.wait(func() (n int, err error) { // an incomplete text is better than none
		data, err = io.ReadAll(io.LimitReader(resp.Body, maxMessage))
		return len(data), err
	})
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType(data))
	}
	text := ""
	switch {
	case kind == "text/plain":
		text = string(data)
	case kind == "text/html", kind == "application/xhtml+xml":
		text = htmlMessage(string(data))
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		text = jsonMessage(data)
	}
	sentence := firstSentence(hide.scrub(text))
	if isStatus(sentence, resp.StatusCode) {
		return ""
	}
	return sentence
}

// sentenceEnd is the end of a sentence before the start of another.
var sentenceEnd = lazyregexp.New(`[.!?]["')\]]*\s+\p{Lu}`)

// firstSentence returns the first sentence of a text, at most a line, as printable characters.
func firstSentence(text string) string {
	const maxRunes = 300
	for line := range strings.Lines(text) {
		// Servers that write for git's users repeat the prefix that git gives such lines.
		if line = strings.TrimSpace(strings.TrimPrefix(printable(line), "remote:")); line == "" {
			continue
		}
		if end := sentenceEnd.Get().FindStringIndex(line); end != nil {
			line = line[:strings.LastIndexByte(line[:end[1]], ' ')]
		}
		if runes := []rune(line); len(runes) > maxRunes {
			line = string(runes[:maxRunes]) + "…"
		}
		return line
	}
	return ""
}

// isStatus reports whether a text is just the status of the response: the default of many servers.
func isStatus(text string, code int) bool {
	text = strings.Trim(strings.ToLower(text), " .:")
	name := strings.ToLower(http.StatusText(code))
	number := fmt.Sprint(code)
	return text == name || text == number || text == number+" "+name
}

// htmlMessage returns the text of a page, one line for each element: its first heading or, without one, its title or
// else all its text.
func htmlMessage(page string) string {
	var heading, title, rest strings.Builder
	into := &rest
	for tokens := html.NewTokenizer(strings.NewReader(page)); ; {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken:
			for _, text := range []string{heading.String(), title.String(), rest.String()} {
				if strings.TrimSpace(text) != "" {
					return text
				}
			}
			return ""
		case html.TextToken:
			into.WriteString(html.UnescapeString(string(tokens.Raw())))
		case html.StartTagToken, html.EndTagToken:
			name, _ := tokens.TagName()
			into = &rest
			switch string(name) {
			case "h1", "h2":
				if kind == html.StartTagToken && heading.Len() == 0 {
					into = &heading
				}
			case "title":
				if kind == html.StartTagToken {
					into = &title
				}
			case "script", "style":
				if kind == html.StartTagToken {
					into = &strings.Builder{}
				}
			case "p", "div", "br", "li", "pre", "body":
				into.WriteString("\n")
			}
		}
	}
}

// jsonMessage returns the message of an error in JSON, in one of the fields that the APIs of forges use.
func jsonMessage(data []byte) string {
	var value any
	if json.Unmarshal(data, &value) != nil {
		return ""
	}
	return messageIn(value, 0)
}

func messageIn(value any, depth int) string {
	const maxDepth = 3
	if depth > maxDepth {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return messageIn(v[0], depth+1)
		}
	case map[string]any:
		for _, name := range []string{"message", "error_description", "detail", "error", "errors", "title"} {
			if text := messageIn(v[name], depth+1); text != "" {
				return text
			}
		}
	}
	return ""
}
