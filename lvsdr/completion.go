package lvsdr

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// completionCommand is "lvsdr completion SHELL". The scripts ask the program
// itself what may come next.
func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for a shell",
		ArgsUsage: "bash|zsh|fish",
		Action: func(c *cli.Context) error {
			script := completion(c.Args().First())
			if script == "" || c.NArg() != 1 {
				return usageError("completion: %q: expected bash, zsh or fish", strings.Join(c.Args().Slice(), " "))
			}
			_, err := fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}

// completion is the script for a shell; "" if there is none.
func completion(shell string) string {
	switch shell {
	case "bash":
		return bashCompletion
	case "zsh":
		return zshCompletion
	case "fish":
		return fishCompletion
	}
	return ""
}

const bashCompletion = `# lvsdr completion for bash: eval "$(lvsdr completion bash)"
_lvsdr() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
	[[ $cur == -* ]] && words+=("$cur")
	COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o default -F _lvsdr lvsdr
`

const zshCompletion = `#compdef lvsdr
# lvsdr completion for zsh: lvsdr completion zsh > ~/.zfunc/_lvsdr
_lvsdr() {
	local -a replies
	local -a asked=("${(@)words[1,CURRENT-1]}")
	[[ $words[CURRENT] == -* ]] && asked+=("$words[CURRENT]")
	replies=("${(@f)$("${asked[@]}" --generate-bash-completion 2>/dev/null)}")
	compadd -- ${replies%%:*}
}
# As a file of $fpath this is the body of the function: its first call counts.
if [[ $funcstack[1] == _lvsdr ]]; then
	_lvsdr "$@"
else
	compdef _lvsdr lvsdr
fi
`

const fishCompletion = `# lvsdr completion for fish: lvsdr completion fish | source
function __lvsdr
	set -l asked (commandline -opc)
	set -l current (commandline -ct)
	string match -q -- '-*' $current; and set -a asked $current
	$asked --generate-bash-completion 2>/dev/null
end
complete -c lvsdr -f -a '(__lvsdr)'
`
