#include "textflag.h"
#include "neon_arm.h"

// Four frames against one panel of 12 rows, NEON of armv7: each column of weights
// is loaded once and multiplied by that column's entry of every frame.
//
//	             frame 0  frame 1  frame 2  frame 3
//	rows 0..3      q4       q7       q10      q13     += q2 * x[frame][k]
//	rows 4..7      q5       q8       q11      q14     += q3
//	rows 8..11     q6       q9       q12      q15     += q2
//
// The two registers for weights take turns: one is loaded while the other is
// multiplied.
//
//	R0 array of y   R1 weights   R2 columns left   R3 row, bytes   R4-R7 x of
//	frames 0..3   R8, R9 scratch
//	d0-d3 two x of each frame   at the end q2 lo, q3 hi

// ROWS multiplies one register of weights with a column's entry of each frame.
#define ROWS(s, w, lane) \
	VMLA(s, w, 0, lane)   \
	VMLA(s+3, w, 1, lane) \
	VMLA(s+6, w, 2, lane) \
	VMLA(s+9, w, 3, lane)

#define EACH(do) \
	do(4)  \
	do(5)  \
	do(6)  \
	do(7)  \
	do(8)  \
	do(9)  \
	do(10) \
	do(11) \
	do(12) \
	do(13) \
	do(14) \
	do(15)

#define BOUND(d) CLAMP(d, 2, 3)

// vld1.32 {dd, dd+1}, [r]
#define PEEK2(d, r) WORD $(0xf4200a8f | DD(d) | (r)<<16)

// vst1.32 {dd, dd+1}, [r]
#define POKE2(d, r) WORD $(0xf4000a8f | DD(d) | (r)<<16)

// Y leaves in R8 where a frame's part of y starts, and in R9 its last third.
#define Y(f) \
	MOVW (4*f)(R0), R8 \
	ADD  R3, R8        \
	ADD  $32, R8, R9

#define PEEK(f) \
	PEEK4(8+6*f, 8) \
	PEEK2(12+6*f, 9)

#define POKE(f) \
	Y(f)            \
	POKE4(8+6*f, 8) \
	POKE2(12+6*f, 9)

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
	EACH(ZERO)
	B     columns

bias:
	ADD $32, R8, R9
	PEEK(0)
	PEEK(1)
	PEEK(2)
	PEEK(3)
	B columns

resume:
	Y(0)
	PEEK(0)
	Y(1)
	PEEK(1)
	Y(2)
	PEEK(2)
	Y(3)
	PEEK(3)

columns:
	SUB.S $2, R2
	BLT   rest

two:
	LOAD2(4, 1)
	LOAD1(0, 4)
	LOAD1(1, 5)
	LOAD1(2, 6)
	LOAD1(3, 7)
	LOAD2(6, 1)
	PLD   512(R1)
	ROWS(4, 2, 0)
	LOAD2(4, 1)
	ROWS(5, 3, 0)
	LOAD2(6, 1)
	PLD   512(R1)
	ROWS(6, 2, 0)
	LOAD2(4, 1)
	ROWS(4, 3, 1)
	LOAD2(6, 1)
	ROWS(5, 2, 1)
	ROWS(6, 3, 1)
	SUB.S $2, R2
	BGE   two

rest:
	ADD.S $2, R2
	BEQ   store
	LOADLANE(0, 0, 4)
	LOADLANE(1, 0, 5)
	LOADLANE(2, 0, 6)
	LOADLANE(3, 0, 7)
	LOAD2(4, 1)
	LOAD2(6, 1)
	ROWS(4, 2, 0)
	LOAD2(4, 1)
	ROWS(5, 3, 0)
	ROWS(6, 2, 0)

store:
	MOVW lo+32(FP), R8
	VDUP(2, 8)
	MOVW hi+36(FP), R8
	VDUP(3, 8)
	EACH(BOUND)
	POKE(0)
	POKE(1)
	POKE(2)
	POKE(3)
	RET
