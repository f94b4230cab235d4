#include "textflag.h"
#include "neon_arm64.h"

// Sums of lines, NEON: 16 numbers at a time, then 4, then one.
//
//	R0 y   R1 x   R2 lines left   R3 n   R4 left of the line   V0-V3 sums   V16-V19 numbers

// faddp Vd.4s, Vn.4s, Vm.4s
#define FADDP(d, n, m) WORD $(0x6e20d400 | (m)<<16 | (n)<<5 | (d))

// func sumsNEON(y, x *float32, lines, n int)
TEXT ·sumsNEON(SB), NOSPLIT, $0-32
	LDP y+0(FP), (R0, R1)
	LDP lines+16(FP), (R2, R3)

line:
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
	SUBS $16, R3, R4
	BLT  few

sixteen:
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	FADD(0, 0, 16)
	FADD(1, 1, 17)
	FADD(2, 2, 18)
	FADD(3, 3, 19)
	SUBS   $16, R4
	BGE    sixteen

few:
	FADD(0, 0, 1)
	FADD(2, 2, 3)
	FADD(0, 0, 2)
	ADDS $12, R4
	BLT  single

four:
	VLD1.P 16(R1), [V16.S4]
	FADD(0, 0, 16)
	SUBS   $4, R4
	BGE    four

single:
	FADDP(0, 0, 0)
	FADDP(0, 0, 0)
	ADDS $4, R4
	BEQ  next

one:
	FMOVS.P 4(R1), F16
	FADDS   F16, F0
	SUBS    $1, R4
	BNE     one

next:
	FMOVS.P F0, 4(R0)
	SUBS    $1, R2
	BNE     line
	RET
