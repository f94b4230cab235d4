#include "textflag.h"
#include "neon_arm.h"

// One weight vector times the frame, NEON of armv7. A panel is 8 rows wide:
//
//	R1 ─▶ k=0: [rows 0..3][4..7]   two Q registers, 32 bytes
//	      k=1: [rows 0..3][4..7]
//	      ...
//
// Four columns at a time are multiplied by the four lanes of q0, x[k..k+3]; only
// the first half of the registers can be taken by lane. Each column has sums of
// its own: eight chains, as much as the registers hold.
//
//	R0 y   R1 weights   R2 x[k]   R3 init or 0   R4 columns left
//	R5 panels left   R6 pitch, bytes   R7 columns   R8 x   R9 panel, scratch
//	q0 x   q2,q3 q4,q5 q6,q7 weights
//	q8,q9 q10,q11 q12,q13 q14,q15 sums of columns 0..3 mod 4
//	at the end q2 lo, q3 hi

#define COLUMN(s0, s1, w0, w1, m, lane) \
	VMLA(s0, w0, m, lane) \
	VMLA(s1, w1, m, lane)

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
	ZERO(8)
	ZERO(9)
	CMP  $0, R3
	BEQ  sums
	LOAD4(16, 3)

sums:
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	SUB.S $4, R7, R4
	BLT   rest

four:
	LOAD4(4, 1)
	LOAD2(0, 2)
	LOAD4(8, 1)
	PLD   512(R1)
	COLUMN(8, 9, 2, 3, 0, 0)
	LOAD4(12, 1)
	COLUMN(10, 11, 4, 5, 0, 1)
	LOAD4(4, 1)
	PLD   512(R1)
	COLUMN(12, 13, 6, 7, 1, 0)
	COLUMN(14, 15, 2, 3, 1, 1)
	SUB.S $4, R4
	BGE   four

rest:
	ADD.S $4, R4
	BEQ   store

one:
	LOADLANE(0, 0, 2)
	LOAD4(4, 1)
	COLUMN(8, 9, 2, 3, 0, 0)
	SUB.S $1, R4
	BNE   one

store:
	MOVW lo+28(FP), R4
	VDUP(2, 4)
	MOVW hi+32(FP), R4
	VDUP(3, 4)
	VADD(8, 8, 10)
	VADD(9, 9, 11)
	VADD(12, 12, 14)
	VADD(13, 13, 15)
	VADD(8, 8, 12)
	VADD(9, 9, 13)
	CLAMP(8, 2, 3)
	CLAMP(9, 2, 3)
	STORE4(16, 0)
	ADD   R6, R9
	SUB.S $1, R5
	BNE   panel
	RET
