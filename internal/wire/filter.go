package wire

import "golang.org/x/net/bpf"

// holds is a value in a packet: where, of how many bytes, and what.
type holds struct {
	offset uint32
	size   int
	value  uint32
}

// filter accepts packets that hold every value of one of the alternatives, of
// which none has more than a hundred.
func filter(alternatives ...[]holds) []bpf.Instruction {
	var program []bpf.Instruction
	for _, values := range alternatives {
		for i, v := range values {
			next := 2*(len(values)-i) - 1 // past the other values and the verdict
			program = append(program,
				bpf.LoadAbsolute{Off: v.offset, Size: v.size},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: v.value, SkipFalse: uint8(next)})
		}
		program = append(program, bpf.RetConstant{Val: 0xffff})
	}
	return append(program, bpf.RetConstant{Val: 0})
}
