package seaway

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostLogLine is how many bytes of a line reach the log.
const mostLogLine = 4096

// lineLogger is the only way to the log, so that whatever a browser, a broker or a handler says there is one line.
type lineLogger struct {
	to interface{ Printf(string, ...any) }
}

func (l lineLogger) Printf(format string, values ...any) {
	l.to.Printf("%s", oneLine(fmt.Sprintf(format, values...)))
}

// oneLine escapes what is not shown as it is: control bytes, line ends of every kind, what turns the writing, bytes that
// are no UTF-8.
func oneLine(text string) string {
	text = cutTo(text, mostLogLine)
	var line strings.Builder
	line.Grow(len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&line, `\x%02x`, text[0])
		case strconv.IsPrint(r):
			line.WriteString(text[:size])
		default:
			line.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		text = text[size:]
	}
	return line.String()
}
