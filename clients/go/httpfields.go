package seaway

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// responseFields are the fields of an answer as a message has them, by their names; what no answer may have is left
// out or made harmless, as net/http does it, so that the server does not refuse the answer (I15).
func responseFields(header http.Header) []any {
	names := make([]string, 0, len(header))
	for name := range header {
		// Nor are trailers: a name with http.TrailerPrefix is none of a field.
		if isFieldName(name) && name != "Content-Length" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	fields := make([]any, 0, len(names)+2)
	for _, name := range names {
		lower := strings.ToLower(name)
		for _, value := range header[name] {
			fields = append(fields, []any{lower, asField([]byte(plainValue(value)))})
		}
	}
	return fields
}

// isFieldName says whether a text is a token of RFC 9110.
func isFieldName(name string) bool {
	for index := 0; index < len(name); index++ {
		b := name[index]
		isLetter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
		if !isLetter && strings.IndexByte("!#$%&'*+-.^_`|~", b) < 0 {
			return false
		}
	}
	return name != ""
}

// plainValue has a space for each control character, and none around it.
func plainValue(value string) string {
	isControl := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	if strings.IndexFunc(value, isControl) >= 0 {
		value = strings.Map(func(r rune) rune {
			if isControl(r) {
				return ' '
			}
			return r
		}, value)
	}
	return strings.Trim(value, " \t")
}

// declaredLength is what an answer says of its size, -1 when it says nothing; isGood is false when that is no size.
func declaredLength(header http.Header) (length int64, isGood bool) {
	text := header.Get("Content-Length")
	if text == "" {
		return -1, true
	}
	length, err := strconv.ParseInt(text, 10, 64)
	if err != nil || length < 0 {
		return -1, false
	}
	return length, true
}

// mayHaveContent says whether an answer of this status has content.
func mayHaveContent(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// knowsItsType says whether nothing is to be guessed of what the content is.
func knowsItsType(header http.Header) bool {
	_, hasType := header["Content-Type"]
	return hasType || header.Get("Content-Encoding") != "" || header.Get("Transfer-Encoding") != ""
}
