//go:build linux && !cgo

#include "textflag.h"

#define SYS_rt_sigaction 134
#define SIG_IGN 1
#define EINVAL 22 // the runtime makes the system call itself
#define LAST 33 // the last signal that the runtime has a use for
#define ASKED (1<<1 | 1<<2 | 1<<13 | 1<<25) // HUP, INT, PIPE, XFSZ

// Called as a C function: signal in R0, new action in R1, old one in R2.
TEXT ·watch(SB), NOSPLIT|NOFRAME, $0-0
	CMPW	$LAST, R0
	BHI	answered
	CBNZ	R1, decline // only questions are of interest
	MOVD	$ASKED, R10
	LSR	R0, R10, R10
	TBZ	$0, R10, answered
	MOVD	R0, R9
	MOVD	$8, R3 // bytes of a set of signals
	MOVD	$SYS_rt_sigaction, R8
	SVC
	CBNZ	R0, decline
	MOVD	(R2), R10
	CMP	$SIG_IGN, R10
	BNE	answered
	SUB	$1, R9
	MOVD	$1, R11
	LSL	R9, R11, R11
	MOVD	$·ignored(SB), R12
	MOVD	(R12), R10
	ORR	R11, R10, R10
	MOVD	R10, (R12)
answered:
	MOVW	$0, R0
	RET
decline:
	MOVW	$EINVAL, R0
	RET

DATA _cgo_sigaction(SB)/8, $·watch(SB)
GLOBL _cgo_sigaction(SB), NOPTR, $8
