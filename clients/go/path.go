package seaway

import (
	"fmt"
	"strings"
)

// pathPattern is a path with names for some of its segments: "/chat/{room}", "/files/*".
type pathPattern struct {
	segments []string
	// Whether everything that follows the segments, also nothing, matches.
	hasTail bool
}

func parsePattern(text string) (pathPattern, error) {
	var pattern pathPattern
	if !strings.HasPrefix(text, "/") {
		return pattern, fmt.Errorf("seaway: %w: the path %q does not begin with /", ErrOption, text)
	}
	pattern.segments = strings.Split(text[1:], "/")
	if last := len(pattern.segments) - 1; pattern.segments[last] == "*" {
		pattern.segments, pattern.hasTail = pattern.segments[:last], true
	}
	for _, segment := range pattern.segments {
		if nameOf(segment) == "" && strings.ContainsAny(segment, "{}*") {
			return pattern, fmt.Errorf("seaway: %w: the path %q makes no sense", ErrOption, text)
		}
	}
	return pattern, nil
}

// nameOf is what a segment names, "" when it stands for itself.
func nameOf(segment string) string {
	if len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}' {
		return segment[1 : len(segment)-1]
	}
	return ""
}

// match finds what the names stand for, and "*" for the tail.
func (p pathPattern) match(path string) (map[string]string, bool) {
	if !strings.HasPrefix(path, "/") {
		return nil, false
	}
	parts := strings.Split(path[1:], "/")
	if len(parts) < len(p.segments) || (len(parts) > len(p.segments) && !p.hasTail) {
		return nil, false
	}
	found := make(map[string]string)
	for index, segment := range p.segments {
		name := nameOf(segment)
		switch {
		case name == "" && segment != parts[index], name != "" && parts[index] == "":
			return nil, false
		case name != "":
			found[name] = parts[index]
		}
	}
	if p.hasTail {
		found["*"] = strings.Join(parts[len(p.segments):], "/")
	}
	return found, true
}
