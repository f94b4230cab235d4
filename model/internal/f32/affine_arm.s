#include "textflag.h"
#include "neon_arm.h"

// One weight vector times the frame, NEON of armv7. A panel is 12 rows wide:
//
//	R1 ─▶ k=0: [rows 0..3][4..7][8..11]   three Q registers, 48 bytes
//	      k=1: [rows 0..3][4..7][8..11]
//	      ...
//
// Four columns at a time are multiplied by the four lanes of q0, x[k..k+3]; only
// the first half of the registers can be taken by lane. Even and odd columns have
// sums of their own, and each column is loaded while the one before is multiplied.
//
//	R0 y   R1 weights   R2 x[k]   R3 init or 0   R4 columns left
//	R5 panels left   R6 pitch, bytes   R7 columns   R8 x   R9 panel, scratch
//	q0 x   q1-q3, q4-q6, q7-q9 weights
//	q10-q12, q13-q15 sums of even, odd columns   at the end q2 lo, q3 hi

#define COLUMN(s, w, m, lane) \
	VMLA(s, w, m, lane)     \
	VMLA(s+1, w+1, m, lane) \
	VMLA(s+2, w+2, m, lane)

// LOAD6 loads a column into qw and the two behind it.
#define LOAD6(w) \
	LOAD4(2*w, 1) \
	LOAD2(2*w+4, 1)

// func affineNEON(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)
TEXT ·affineNEON(SB), NOSPLIT, $0-36
	MOVW y+0(FP), R0
	MOVW w+4(FP), R9
	MOVW x+8(FP), R8
	MOVW init+12(FP), R3
	MOVW cols+16(FP), R7
	MOVW panels+20(FP), R5
	MOVW pitch+24(FP), R6

panel:
	MOVW R9, R1
	MOVW R8, R2
	ZERO(10)
	ZERO(11)
	ZERO(12)
	CMP  $0, R3
	BEQ  sums
	LOAD4(20, 3)
	LOAD2(24, 3)

sums:
	ZERO(13)
	ZERO(14)
	ZERO(15)
	SUB.S $4, R7, R4
	BLT   rest

four:
	LOAD6(1)
	LOAD2(0, 2)
	LOAD6(4)
	PLD   512(R1)
	COLUMN(10, 1, 0, 0)
	LOAD6(7)
	PLD   512(R1)
	COLUMN(13, 4, 0, 1)
	LOAD6(4)
	PLD   512(R1)
	COLUMN(10, 7, 1, 0)
	COLUMN(13, 4, 1, 1)
	SUB.S $4, R4
	BGE   four

rest:
	ADD.S $4, R4
	BEQ   store

one:
	LOADLANE(0, 0, 2)
	LOAD6(1)
	COLUMN(10, 1, 0, 0)
	SUB.S $1, R4
	BNE   one

store:
	MOVW lo+28(FP), R4
	VDUP(2, 4)
	MOVW hi+32(FP), R4
	VDUP(3, 4)
	VADD(10, 10, 13)
	VADD(11, 11, 14)
	VADD(12, 12, 15)
	CLAMP(10, 2, 3)
	CLAMP(11, 2, 3)
	CLAMP(12, 2, 3)
	STORE4(20, 0)
	STORE2(24, 0)
	ADD   R6, R9
	SUB.S $1, R5
	BNE   panel
	RET
