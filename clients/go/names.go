package seaway

// maxName is the most bytes of any name (N1), maxStars how many * a pattern may hold, those side by side as one (N5).
const (
	maxName  = 255
	maxStars = 32
)

type nameForm int

const (
	badName nameForm = iota
	normalName
	replyName
	mailboxName
	pinnedName
)

func formOf(name string) nameForm {
	if len(name) == 0 || len(name) > maxName {
		return badName
	}
	mark := -1
	for index := 0; index < len(name); index++ {
		if isNameByte(name[index]) {
			continue
		}
		if name[index] != '!' && name[index] != '?' || mark >= 0 || index == 0 {
			return badName
		}
		mark = index
	}
	switch {
	case mark < 0:
		return normalName
	case name[mark] == '!' && mark == len(name)-1:
		return mailboxName
	case name[mark] == '!':
		return replyName
	case mark == len(name)-1:
		return badName
	default:
		return pinnedName
	}
}

func isNameByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.'
}

// ValidChannel says whether messages may be sent to the name: a normal, reply or pinned channel (N2, N3).
func ValidChannel(name string) bool {
	form := formOf(name)
	return form != badName && form != mailboxName
}

// ValidListen says whether one may listen on the name: any channel, or a mailbox such as "http.response.k3f9!".
func ValidListen(name string) bool { return formOf(name) != badName }

// ValidGroup says whether the name may be a group's (N4).
func ValidGroup(name string) bool { return formOf(name) == normalName }

// ValidPattern says whether the text may be a pattern, as FLUSH and the broker's options take it (N5).
func ValidPattern(pattern string) bool {
	for index := 0; index < len(pattern); index++ {
		if b := pattern[index]; !isNameByte(b) && b != '!' && b != '?' && b != '*' {
			return false
		}
	}
	return len(pattern) >= 1 && len(pattern) <= maxName && starsIn(pattern) <= maxStars
}

// starsIn counts the * of a pattern, those side by side as one.
func starsIn(pattern string) int {
	stars := 0
	for index := 0; index < len(pattern); index++ {
		if pattern[index] == '*' && (index == 0 || pattern[index-1] != '*') {
			stars++
		}
	}
	return stars
}

// MatchPattern says whether the pattern matches the whole name: what a Flush would hit.
func MatchPattern(pattern, name string) bool {
	at, retryPattern, retryName := 0, -1, 0
	for index := 0; index < len(name); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			retryPattern, retryName = at, index
			at++
		case at < len(pattern) && pattern[at] == name[index]:
			at++
			index++
		case retryPattern >= 0:
			// The last star takes one byte more; earlier ones never need to.
			retryName++
			at, index = retryPattern+1, retryName
		default:
			return false
		}
	}
	for at < len(pattern) && pattern[at] == '*' {
		at++
	}
	return at == len(pattern)
}

// mailboxOf is the mailbox of a reply channel: its name up to and including the "!"; "" for any other channel.
func mailboxOf(channel string) string {
	for index := 0; index < len(channel); index++ {
		if channel[index] == '!' {
			return channel[:index+1]
		}
	}
	return ""
}
