package seaway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// What encoding/json makes of a body is what DecodeMessage makes of it.
func FuzzDecodeMessage(f *testing.F) {
	for _, body := range []string{
		`{}`, ` {"a" : [1, 2.5, -0, 1e3, true, false, null, "x\u00e4\ud83d\ude00\n"]} `, `{"a":{"$bytes":"AP8="}}`,
		`{"$bytes":"AP8="}`, `{"a":{"$$bytes":1}}`, `{"a":"\ud800"}`, `{"a":01}`, `{"a":1,}`, `{"a":1}x`, `[1]`, "{\"a\":\"\n\"}",
		`{"a":{"$bytes":"AP\n8="}}`, `{"a":1,"a":2}`, `{"a":1e400}`, `{"a":9223372036854775808}`, "{\"a\":\"\xff\"}",
		`{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		`{"a":` + strings.Repeat("[", 63) + `{"$bytes":""}` + strings.Repeat("]", 63) + `}`, `{"a":"\/\b\f\r\t\\\""}`, `{"a":-}`, `{"a":1.}`,
		`{"a":{"$bytes":"AP8=","$bytes":"AA=="}}`, `{"a":{"$bytes":"AA==","b":1}}`, `{"a":{"$bytes":{}}}`, `{"a":tru}`, `{"a"`, `{"\u0061":1}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want, wrong := decodeReference(append([]byte(nil), body...))
		got, err := DecodeMessage(body)
		if (err == nil) != (wrong == nil) || err != nil && !errors.Is(err, ErrPayload) {
			t.Fatalf("%q: %v, and encoding/json: %v", body, err, wrong)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %#v, and encoding/json: %#v", body, got, want)
		}
	})
}

// decodeReference is DecodeMessage by encoding/json, for comparison.
func decodeReference(body []byte) (Message, error) {
	if !utf8.Valid(body) {
		return nil, payloadError("not UTF-8")
	}
	if referenceHasLoneSurrogate(body) {
		return nil, payloadError("half of a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil {
		return nil, payloadError("%v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, payloadError("more than one value")
	}
	value, err := referenceFromJSON(parsed, 1)
	if err != nil {
		return nil, err
	}
	fields, isMap := value.(map[string]any)
	if !isMap {
		return nil, payloadError("not a map")
	}
	return fields, nil
}

// referenceFromJSON turns what encoding/json found into the value model, in place where it can; depth is that of the value.
func referenceFromJSON(parsed any, depth int) (any, error) {
	switch parsed := parsed.(type) {
	case json.Number:
		return referenceNumber(parsed.String())
	case []any:
		return referenceListFromJSON(parsed, depth)
	case map[string]any:
		return referenceMapFromJSON(parsed, depth)
	default:
		return parsed, nil
	}
}

func referenceListFromJSON(list []any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	for index, element := range list {
		value, err := referenceFromJSON(element, depth+1)
		if err != nil {
			return nil, err
		}
		list[index] = value
	}
	return list, nil
}

func referenceMapFromJSON(fields map[string]any, depth int) (any, error) {
	if content, isThere := fields["$bytes"]; isThere && len(fields) == 1 {
		return referenceBytesFromJSON(content)
	}
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	for key, field := range fields {
		value, err := referenceFromJSON(field, depth+1)
		if err != nil {
			return nil, err
		}
		fields[key] = value
		if len(fields) == 1 && isBytesKey(key) {
			return map[string]any{key[1:]: value}, nil
		}
	}
	return fields, nil
}

func referenceBytesFromJSON(content any) (any, error) {
	text, isString := content.(string)
	// The decoder passes over line ends, which are no base64.
	if !isString || strings.ContainsAny(text, "\r\n") {
		return nil, payloadError("$bytes without base64")
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, payloadError("$bytes: %v", err)
	}
	return Bytes(decoded), nil
}

func referenceNumber(text string) (any, error) {
	if strings.ContainsAny(text, ".eE") {
		double, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, payloadError("%v", err)
		}
		return double, nil
	}
	whole, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, payloadError("%v", err)
	}
	return whole, nil
}

// referenceHasLoneSurrogate looks for \ud800 to \udfff outside a pair, which encoding/json would replace in silence (V3).
func referenceHasLoneSurrogate(text []byte) bool {
	for {
		start := bytes.IndexByte(text, '\\')
		if start < 0 || start+1 >= len(text) {
			return false
		}
		text = text[start:]
		first, isEscape := referenceSurrogate(text)
		if !isEscape {
			text = text[2:]
			continue
		}
		second, isPair := referenceSurrogate(text[6:])
		if first >= 0xdc00 || !isPair || second < 0xdc00 {
			return true
		}
		text = text[12:]
	}
}

// referenceSurrogate reads a \uXXXX at the beginning of the text that is half of a pair.
func referenceSurrogate(text []byte) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	half, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return half, err == nil && half >= 0xd800 && half <= 0xdfff
}
