#include "textflag.h"
#include "neon_arm.h"

// Four frames against one panel of 8 rows, NEON of armv7: each column of weights
// is loaded once and multiplied by that column's entry of every frame.
//
//	            frame 0  frame 1  frame 2  frame 3
//	rows 0..3     q8       q10      q12      q14     += q2 (q4) * x[frame][k]
//	rows 4..7     q9       q11      q13      q15     += q3 (q5)
//
//	R0 array of y   R1 weights   R2 columns left   R3 row, bytes   R4-R7 x of
//	frames 0..3   R8, R9 scratch
//	d0-d3 two x of each frame   at the end q2 lo, q3 hi

#define COLUMN(w0, w1, lane) \
	VMLA(8, w0, 0, lane)  \
	VMLA(9, w1, 0, lane)  \
	VMLA(10, w0, 1, lane) \
	VMLA(11, w1, 1, lane) \
	VMLA(12, w0, 2, lane) \
	VMLA(13, w1, 2, lane) \
	VMLA(14, w0, 3, lane) \
	VMLA(15, w1, 3, lane)

// Y leaves in R8 where a frame's part of y starts.
#define Y(f) \
	MOVW (4*f)(R0), R8 \
	ADD  R3, R8

// func batch4NEON(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)
TEXT ·batch4NEON(SB), NOSPLIT, $0-40
	MOVW  y+0(FP), R0
	MOVW  x+4(FP), R8
	MOVW  w+8(FP), R1
	MOVW  row+16(FP), R3
	MOVW  from+20(FP), R9
	MOVW  cols+24(FP), R2
	MOVW  R3<<2, R3
	MOVW  0(R8), R4
	MOVW  4(R8), R5
	MOVW  8(R8), R6
	MOVW  12(R8), R7
	ADD   R9<<2, R4
	ADD   R9<<2, R5
	ADD   R9<<2, R6
	ADD   R9<<2, R7
	MOVBU resume+28(FP), R8
	CMP   $0, R8
	BNE   resume
	MOVW  init+12(FP), R8
	CMP   $0, R8
	BNE   bias
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	B     columns

bias:
	PEEK4(16, 8)
	PEEK4(20, 8)
	PEEK4(24, 8)
	PEEK4(28, 8)
	B columns

resume:
	Y(0)
	PEEK4(16, 8)
	Y(1)
	PEEK4(20, 8)
	Y(2)
	PEEK4(24, 8)
	Y(3)
	PEEK4(28, 8)

columns:
	SUB.S $2, R2
	BLT   rest

two:
	LOAD4(4, 1)
	LOAD1(0, 4)
	LOAD1(1, 5)
	LOAD1(2, 6)
	LOAD1(3, 7)
	LOAD4(8, 1)
	PLD   512(R1)
	COLUMN(2, 3, 0)
	COLUMN(4, 5, 1)
	SUB.S $2, R2
	BGE   two

rest:
	ADD.S $2, R2
	BEQ   store
	LOADLANE(0, 0, 4)
	LOADLANE(1, 0, 5)
	LOADLANE(2, 0, 6)
	LOADLANE(3, 0, 7)
	LOAD4(4, 1)
	COLUMN(2, 3, 0)

store:
	MOVW lo+32(FP), R8
	VDUP(2, 8)
	MOVW hi+36(FP), R8
	VDUP(3, 8)
	CLAMP(8, 2, 3)
	CLAMP(9, 2, 3)
	CLAMP(10, 2, 3)
	CLAMP(11, 2, 3)
	CLAMP(12, 2, 3)
	CLAMP(13, 2, 3)
	CLAMP(14, 2, 3)
	CLAMP(15, 2, 3)
	Y(0)
	POKE4(16, 8)
	Y(1)
	POKE4(20, 8)
	Y(2)
	POKE4(24, 8)
	Y(3)
	POKE4(28, 8)
	RET
