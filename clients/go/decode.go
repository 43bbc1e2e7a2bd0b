package seaway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DecodeMessage reads a body; the error, an [ErrPayload], says why it is not one well-formed map (section 5).
func DecodeMessage(body []byte) (Message, error) {
	if !utf8.Valid(body) {
		return nil, payloadError("not UTF-8")
	}
	if hasLoneSurrogate(body) {
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
	value, err := fromJSON(parsed, 1)
	if err != nil {
		return nil, err
	}
	fields, isMap := value.(map[string]any)
	if !isMap {
		return nil, payloadError("not a map")
	}
	return fields, nil
}

// fromJSON turns what encoding/json found into the value model, in place where it can; depth is that of the value.
func fromJSON(parsed any, depth int) (any, error) {
	switch parsed := parsed.(type) {
	case json.Number:
		return number(parsed.String())
	case []any:
		return listFromJSON(parsed, depth)
	case map[string]any:
		return mapFromJSON(parsed, depth)
	default:
		return parsed, nil
	}
}

func listFromJSON(list []any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	for index, element := range list {
		value, err := fromJSON(element, depth+1)
		if err != nil {
			return nil, err
		}
		list[index] = value
	}
	return list, nil
}

func mapFromJSON(fields map[string]any, depth int) (any, error) {
	if content, isThere := fields["$bytes"]; isThere && len(fields) == 1 {
		return bytesFromJSON(content)
	}
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	for key, field := range fields {
		value, err := fromJSON(field, depth+1)
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

func bytesFromJSON(content any) (any, error) {
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

func number(text string) (any, error) {
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

// hasLoneSurrogate looks for \ud800 to \udfff outside a pair, which encoding/json would replace in silence (V3).
func hasLoneSurrogate(text []byte) bool {
	for {
		start := bytes.IndexByte(text, '\\')
		if start < 0 || start+1 >= len(text) {
			return false
		}
		text = text[start:]
		first, isEscape := surrogate(text)
		if !isEscape {
			text = text[2:]
			continue
		}
		second, isPair := surrogate(text[6:])
		if first >= 0xdc00 || !isPair || second < 0xdc00 {
			return true
		}
		text = text[12:]
	}
}

// surrogate reads a \uXXXX at the beginning of the text that is half of a pair.
func surrogate(text []byte) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	half, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return half, err == nil && half >= 0xd800 && half <= 0xdfff
}
