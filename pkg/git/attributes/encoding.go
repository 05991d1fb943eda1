package attributes

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// isUTF8 reports whether a name means UTF-8, or nothing.
func isUTF8(name string) bool {
	return name == "" || strings.EqualFold(name, "UTF-8") || strings.EqualFold(name, "UTF8")
}

// encode converts UTF-8 to the encoding of that name.
func encode(name string, data []byte) ([]byte, error) {
	e, err := findEncoding(name)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, errors.New("the content is not UTF-8")
	}
	out, err := e.NewEncoder().Bytes(data)
	if err != nil {
		return nil, errors.New("the content has characters that the encoding does not have")
	}
	return out, nil
}

// findEncoding returns the encoding of a name that iconv knows. Like iconv on Linux, UTF-16 and UTF-32 are little
// endian with a byte order mark, unless the name says otherwise; git adds the names that end with "-BOM".
func findEncoding(name string) (encoding.Encoding, error) {
	const utf16LE, utf16BE = unicode.LittleEndian, unicode.BigEndian
	switch strings.Replace(strings.ToUpper(name), "UTF-", "UTF", 1) {
	case "UTF16", "UTF16LE-BOM":
		return unicode.UTF16(utf16LE, unicode.UseBOM), nil
	case "UTF16BE-BOM":
		return unicode.UTF16(utf16BE, unicode.UseBOM), nil
	case "UTF16LE":
		return unicode.UTF16(utf16LE, unicode.IgnoreBOM), nil
	case "UTF16BE":
		return unicode.UTF16(utf16BE, unicode.IgnoreBOM), nil
	case "UTF32":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), nil
	case "UTF32LE":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), nil
	case "UTF32BE":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), nil
	}
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil || e == nil {
		return nil, fmt.Errorf("ppm does not know the encoding %q", name)
	}
	return e, nil
}
