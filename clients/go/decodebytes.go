package seaway

import (
	"bytes"
	"encoding/base64"
)

const bytesBeginning = `"$bytes":"`

// plainBytes reads bytes in the form in which they are nearly always written, without making a string of them.
func (d *decoder) plainBytes() (content Bytes, isBytes bool, err error) {
	rest := d.text[d.at:]
	if !bytes.HasPrefix(rest, []byte(bytesBeginning)) {
		return nil, false, nil
	}
	rest = rest[len(bytesBeginning):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 || end+1 >= len(rest) || rest[end+1] != '}' || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return nil, false, nil
	}
	d.at += len(bytesBeginning) + end + 2
	content, err = bytesFromBase64(rest[:end])
	return content, true, err
}

func bytesFromJSON(content any) (any, error) {
	text, isString := content.(string)
	if !isString {
		return nil, payloadError("$bytes without base64")
	}
	return bytesFromBase64([]byte(text))
}

func bytesFromBase64(text []byte) (Bytes, error) {
	// The decoder passes over line ends, which are no base64.
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return nil, payloadError("$bytes without base64")
	}
	decoded := make(Bytes, base64.StdEncoding.DecodedLen(len(text)))
	count, err := base64.StdEncoding.Strict().Decode(decoded, text)
	if err != nil {
		return nil, payloadError("$bytes: %v", err)
	}
	return decoded[:count], nil
}
