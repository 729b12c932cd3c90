package ipvsadm

import "strings"

// scanner walks a command line by the habits of popt(3), the option parser of
// the original: no abbreviations of long names, clusters of letters, options
// and other words in any order.
type scanner struct {
	words     []string // not yet looked at
	cluster   string   // letters of the current word that are still to come
	word      string   // the last word taken, option or argument
	leftovers []string // words that are no options
	onlyWords bool     // behind "--": there are no more options
	posix     bool     // the first leftover ends the options
}

// wantsPOSIX looks for the two variables that make popt stop at the first word
// that is no option.
func wantsPOSIX(lookupEnv func(string) (string, bool)) bool {
	_, correct := lookupEnv("POSIXLY_CORRECT")
	_, harder := lookupEnv("POSIX_ME_HARDER")
	return correct || harder
}

// found is an option of the command line with its argument.
type found struct {
	*option
	value    string
	hasValue bool // false: the option takes none, or the optional one is absent
}

// Faults of a command line, in popt's words.
const (
	unknownOption    = "unknown option"
	missingArgument  = "missing argument"
	unwantedArgument = "option does not take an argument"
)

// scanError is a fault of the command line; the word is scanner.word.
type scanError string

func (e scanError) Error() string { return string(e) }

// next returns the next option; ok is false at the end of the line.
func (s *scanner) next() (f found, ok bool, err error) {
	for s.cluster == "" {
		if len(s.words) == 0 {
			return found{}, false, nil
		}
		w := s.take()
		switch {
		case s.onlyWords || w == "-" || !strings.HasPrefix(w, "-"):
			s.leftovers = append(s.leftovers, w)
			s.onlyWords = s.onlyWords || s.posix
		case w == "--":
			s.onlyWords = true
		case strings.HasPrefix(w, "--"):
			return s.long(w[2:])
		default:
			s.cluster = w[1:]
		}
	}
	return s.letter()
}

// take consumes a word.
func (s *scanner) take() string {
	s.word = s.words[0]
	s.words = s.words[1:]
	return s.word
}

func (s *scanner) long(body string) (found, bool, error) {
	name, value, attached := strings.Cut(body, "=")
	o := optionByLong(name)
	if o == nil {
		return found{}, false, scanError(unknownOption)
	}
	if attached && o.arg == without {
		return found{}, false, scanError(unwantedArgument)
	}
	return s.argument(o, value, attached)
}

// letter reads the next option of a cluster. What follows a letter that takes
// an argument is that argument, behind an optional "=".
func (s *scanner) letter() (found, bool, error) {
	c := s.cluster[0]
	rest := s.cluster[1:]
	s.cluster = ""
	o := optionByShort(c)
	if o == nil {
		return found{}, false, scanError(unknownOption)
	}
	if o.arg != without {
		return s.argument(o, strings.TrimPrefix(rest, "="), rest != "")
	}
	if strings.HasPrefix(rest, "=") {
		return found{}, false, scanError(unwantedArgument)
	}
	s.cluster = rest
	return found{option: o}, true, nil
}

// argument completes an option with the text attached to it or the next word:
// a required argument takes that whatever it looks like, an optional one only
// where it does not start with "-".
func (s *scanner) argument(o *option, attached string, has bool) (found, bool, error) {
	switch {
	case has:
		return found{o, attached, true}, true, nil
	case o.arg == without:
		return found{option: o}, true, nil
	case o.arg == required && len(s.words) == 0:
		return found{}, false, scanError(missingArgument)
	case o.arg == required || len(s.words) > 0 && !strings.HasPrefix(s.words[0], "-"):
		return found{o, s.take(), true}, true, nil
	}
	return found{option: o}, true, nil
}
