package seaway

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep maps and lists nest, the message itself being the first (V6).
const maxDepth = 64

// EncodeMessage writes a message as the broker would (V11), keys in the order of their bytes.
//
// The error, an [ErrPayload], says which value has no form on the wire: text that is not UTF-8, a double that is not
// finite, a whole number beyond 64 bits with sign, a type that is not in the list of [Message], more than 64 levels.
func EncodeMessage(message Message) ([]byte, error) {
	return appendMap(make([]byte, 0, 256), message, 1)
}

func appendValue(json []byte, value any, depth int) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(json, "null"...), nil
	case bool:
		return strconv.AppendBool(json, value), nil
	case int:
		return strconv.AppendInt(json, int64(value), 10), nil
	case int64:
		return strconv.AppendInt(json, value, 10), nil
	case float64:
		return appendDouble(json, value)
	case string:
		return appendString(json, value)
	case Bytes:
		return appendBytes(json, value), nil
	case []byte:
		return appendBytes(json, value), nil
	case []any:
		return appendList(json, len(value), func(index int) any { return value[index] }, depth+1)
	case Message:
		return appendMap(json, value, depth+1)
	case map[string]any:
		return appendMap(json, value, depth+1)
	default:
		return appendOther(json, reflect.ValueOf(value), depth)
	}
}

// appendOther writes the types that are close to those of the value model.
func appendOther(json []byte, value reflect.Value, depth int) ([]byte, error) {
	switch value.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(json, value.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(json, value.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if value.Uint() > math.MaxInt64 {
			return nil, payloadError("%d is beyond 64 bits with sign", value.Uint())
		}
		return strconv.AppendUint(json, value.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return appendDouble(json, value.Float())
	case reflect.String:
		return appendString(json, value.String())
	case reflect.Slice, reflect.Array:
		return appendList(json, value.Len(), func(index int) any { return value.Index(index).Interface() }, depth+1)
	case reflect.Map:
		if value.Type().Key().Kind() == reflect.String {
			return appendMap(json, anyMap(value), depth+1)
		}
	}
	return nil, payloadError("a %v has no form in a message", value.Type())
}

func anyMap(value reflect.Value) map[string]any {
	copied := make(map[string]any, value.Len())
	for entries := value.MapRange(); entries.Next(); {
		copied[entries.Key().String()] = entries.Value().Interface()
	}
	return copied
}

func appendMap(json []byte, values map[string]any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	json = append(json, '{')
	var err error
	for index, key := range keys {
		if index > 0 {
			json = append(json, ',')
		}
		written := key
		if len(keys) == 1 && isBytesKey(key) {
			written = "$" + key
		}
		if json, err = appendString(json, written); err != nil {
			return nil, err
		}
		json = append(json, ':')
		if json, err = appendValue(json, values[key], depth); err != nil {
			return nil, err
		}
	}
	return append(json, '}'), nil
}

func appendList(json []byte, count int, element func(int) any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, payloadError("more than %d levels", maxDepth)
	}
	json = append(json, '[')
	var err error
	for index := 0; index < count; index++ {
		if index > 0 {
			json = append(json, ',')
		}
		if json, err = appendValue(json, element(index), depth); err != nil {
			return nil, err
		}
	}
	return append(json, ']'), nil
}

// appendDouble writes the shortest form that reads back the same, always with "." or "e" (V12).
func appendDouble(json []byte, value float64) ([]byte, error) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil, payloadError("%v is not finite", value)
	}
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return append(json, text...), nil
}

func appendBytes(json []byte, value []byte) []byte {
	json = append(json, `{"$bytes":"`...)
	start := len(json)
	json = append(json, make([]byte, base64.StdEncoding.EncodedLen(len(value)))...)
	base64.StdEncoding.Encode(json[start:], value)
	return append(json, `"}`...)
}

func appendString(json []byte, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, payloadError("a string that is not UTF-8")
	}
	json = append(json, '"')
	start := 0
	for index := 0; index < len(text); index++ {
		b := text[index]
		if b >= 0x20 && b != '"' && b != '\\' {
			continue
		}
		json = append(json, text[start:index]...)
		json = appendEscape(json, b)
		start = index + 1
	}
	json = append(json, text[start:]...)
	return append(json, '"'), nil
}

func appendEscape(json []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(json, '\\', b)
	case '\b':
		return append(json, `\b`...)
	case '\t':
		return append(json, `\t`...)
	case '\n':
		return append(json, `\n`...)
	case '\f':
		return append(json, `\f`...)
	case '\r':
		return append(json, `\r`...)
	default:
		return append(json, fmt.Sprintf(`\u%04x`, b)...)
	}
}

// isBytesKey says whether a map with this one key could be taken for bytes, or for such a map (V9).
func isBytesKey(key string) bool {
	return strings.HasPrefix(key, "$") && strings.TrimLeft(key, "$") == "bytes"
}

func payloadError(format string, values ...any) error {
	return fmt.Errorf("seaway: %w: "+format, append([]any{ErrPayload}, values...)...)
}
