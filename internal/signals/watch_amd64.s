//go:build linux && !cgo

#include "textflag.h"

#define SYS_rt_sigaction 13
#define SIG_IGN 1
#define EINVAL 22 // the runtime makes the system call itself
#define LAST 33 // the last signal that the runtime has a use for
#define ASKED (1<<1 | 1<<2 | 1<<13 | 1<<25) // HUP, INT, PIPE, XFSZ

// Called as a C function: signal in DI, new action in SI, old one in DX.
TEXT ·watch(SB), NOSPLIT|NOFRAME, $0-0
	CMPL	DI, $LAST
	JHI	answered
	TESTQ	SI, SI // only questions are of interest
	JNE	decline
	MOVL	$ASKED, AX
	BTQ	DI, AX
	JCC	answered
	MOVQ	DI, R8
	MOVQ	$8, R10 // bytes of a set of signals
	MOVQ	$SYS_rt_sigaction, AX
	SYSCALL
	TESTQ	AX, AX
	JNE	decline
	CMPQ	(DX), $SIG_IGN
	JNE	answered
	DECQ	R8
	BTSQ	R8, ·ignored(SB)
answered:
	XORL	AX, AX
	RET
decline:
	MOVL	$EINVAL, AX
	RET

DATA _cgo_sigaction(SB)/8, $·watch(SB)
GLOBL _cgo_sigaction(SB), NOPTR, $8
