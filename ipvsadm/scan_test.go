package ipvsadm

import (
	"slices"
	"strings"
	"testing"
)

// scanAll writes down what the scanner finds: an option by its long name (or
// its letter), with its argument in quotes; a fault in brackets behind the word.
func scanAll(words []string, env ...string) string {
	posix := wantsPOSIX(func(name string) (string, bool) { return "", slices.Contains(env, name) })
	s := scanner{words: words, posix: posix}
	var seen []string
	for {
		f, ok, err := s.next()
		if err != nil {
			seen = append(seen, s.word+" ["+err.Error()+"]")
			break
		}
		if !ok {
			break
		}
		text := f.long
		if text == "" {
			text = string(f.short)
		}
		if f.hasValue {
			text += "'" + f.value + "'"
		}
		seen = append(seen, text)
	}
	text := strings.Join(seen, " ")
	if len(s.leftovers) > 0 {
		text += " | " + strings.Join(s.leftovers, ",")
	}
	return text
}

func TestScanner(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"nothing", nil, ""},
		{"long and short", []string{"--list", "-n"}, "list numeric"},
		{"cluster", []string{"-Lnc"}, "list numeric connection"},
		{"no single-dash long options", []string{"-list"}, "l ipip scheduler't'"},
		{"no abbreviations", []string{"--lis"}, "--lis [unknown option]"},
		{"case matters", []string{"--List"}, "--List [unknown option]"},
		{"argument in the next word", []string{"-w", "5"}, "weight'5'"},
		{"argument attached", []string{"-w5"}, "weight'5'"},
		{"one equals sign is removed", []string{"-w=5"}, "weight'5'"},
		{"the second is the value's", []string{"-w==5"}, "weight'=5'"},
		{"empty attached value", []string{"-w=", "5"}, "weight'' | 5"},
		{"long value", []string{"--weight=5"}, "weight'5'"},
		{"long empty value", []string{"--weight="}, "weight''"},
		{"long value with equals sign", []string{"--weight==5"}, "weight'=5'"},
		{"cluster ends in an argument", []string{"-mw5"}, "masquerading weight'5'"},
		{"cluster takes the next word", []string{"-mw", "5"}, "masquerading weight'5'"},
		{"an option as argument", []string{"-w", "-m"}, "weight'-m'"},
		{"a double dash as argument", []string{"-w", "--", "-m"}, "weight'--' masquerading"},
		{"an empty argument", []string{"-w", ""}, "weight''"},
		{"missing argument", []string{"-m", "-w"}, "masquerading -w [missing argument]"},
		{"missing long argument", []string{"--weight"}, "--weight [missing argument]"},
		{"missing argument in a cluster", []string{"-mw"}, "masquerading -mw [missing argument]"},
		{"optional argument attached", []string{"-p5"}, "persistent'5'"},
		{"optional argument behind equals sign", []string{"-p=5"}, "persistent'5'"},
		{"optional long argument", []string{"--persistent=5"}, "persistent'5'"},
		{"optional argument is the rest of the word", []string{"-ps"}, "persistent's'"},
		{"optional empty arguments", []string{"-p=", "--persistent="}, "persistent'' persistent''"},
		{"optional argument in the next word", []string{"-p", "5"}, "persistent'5'"},
		{"optional argument may be an empty word", []string{"-p", ""}, "persistent''"},
		{"optional argument absent", []string{"-p"}, "persistent"},
		{"optional argument is no option", []string{"-p", "-s", "rr"}, "persistent scheduler'rr'"},
		{"optional argument is no negative number", []string{"-p", "-5"}, "persistent -5 [unknown option]"},
		{"optional argument is no dash", []string{"-p", "-"}, "persistent | -"},
		{"optional argument is no double dash", []string{"-p", "--", "x"}, "persistent | x"},
		{"unwanted argument", []string{"-m=x"}, "-m=x [option does not take an argument]"},
		{"unwanted empty argument", []string{"-m="}, "-m= [option does not take an argument]"},
		{"unwanted long argument", []string{"--stats=1"}, "--stats=1 [option does not take an argument]"},
		{"unknown letter in a cluster", []string{"-mQw"}, "masquerading -mQw [unknown option]"},
		{"unknown with value", []string{"--bogus=1"}, "--bogus=1 [unknown option]"},
		{"no name", []string{"--=x"}, "--=x [unknown option]"},
		{"three dashes", []string{"---n"}, "---n [unknown option]"},
		{"a NUL is no letter", []string{"-\x00"}, "-\x00 [unknown option]"},
		{"leftovers anywhere", []string{"a", "-n", "", "-", "-c"}, "numeric connection | a,,-"},
		{"double dash ends options", []string{"-n", "--", "-c", "--"}, "numeric | -c,--"},
		{"popt's aliases are not known", []string{"-w", "a!#:+b", "x"}, "weight'a!#:+b' | x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := scanAll(tt.words); got != tt.want {
				t.Errorf("scan %q:\n got %s\nwant %s", tt.words, got, tt.want)
			}
		})
	}
}

func TestScannerStopsAtFirstLeftover(t *testing.T) {
	words := []string{"-n", "x", "-c", "--", "-w"}
	for _, env := range []string{"POSIXLY_CORRECT", "POSIX_ME_HARDER"} {
		if got, want := scanAll(words, env), "numeric | x,-c,--,-w"; got != want {
			t.Errorf("scan %q with %s:\n got %s\nwant %s", words, env, got, want)
		}
	}
}
