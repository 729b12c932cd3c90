//go:build !ipvsadm_only

package main

import (
	"lvsdr/internal/command"
	"lvsdr/lvsdr"
)

func init() { otherwise = multicall }

// multicall runs lvsdr or, if the first word is another command's name, that.
func multicall(env command.Env) int {
	if len(env.Args) > 1 {
		if run := named(env.Args[1]); run != nil {
			env.Args = env.Args[1:]
			return run(env)
		}
	}
	return lvsdr.Run(env)
}
