package seaway

import "testing"

type nameVector struct {
	head
	Name    *long
	NameHex *long `json:"name_hex"`
	Kind    string
	Valid   bool
	Form    string
	Matches map[string]bool
}

var formNames = map[nameForm]string{
	normalName: "normal", replyName: "reply", mailboxName: "mailbox", pinnedName: "pinned",
}

func TestNameVectors(t *testing.T) {
	valid := map[string]func(string) bool{
		"channel": ValidChannel, "listen": ValidListen, "group": ValidGroup, "pattern": ValidPattern,
	}
	for _, vector := range loadVectors(t, "names.json", func(v nameVector) head { return v.head }) {
		t.Run(vector.ID, func(t *testing.T) {
			name := string(either(t, vector.Name, vector.NameHex))
			if valid[vector.Kind](name) != vector.Valid {
				t.Errorf("%q as %s is valid: %v (%s)", name, vector.Kind, !vector.Valid, vector.Why)
			}
			if vector.Form != "" && formNames[formOf(name)] != vector.Form {
				t.Errorf("%q is %s, not %s (%s)", name, formNames[formOf(name)], vector.Form, vector.Why)
			}
			for candidate, matches := range vector.Matches {
				if MatchPattern(name, candidate) != matches {
					t.Errorf("%q matches %q: %v (%s)", name, candidate, !matches, vector.Why)
				}
			}
		})
	}
}
