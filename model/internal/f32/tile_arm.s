#include "textflag.h"
#include "neon_arm.h"

// The matrix product's register tile, NEON of armv7: 4 rows of an 8-row panel
// times 8 columns of B, summed over k columns of W, two at a time.
//
//	                  B: R3 ─▶ [q2 (q4)][q3 (q5)]   32 bytes a step
//	W: R1 ─▶ d0[0] (d2[0])        q8      q9
//	         d0[1] (d2[1])        q10     q11      C rows, R0, R2 bytes apart
//	         d1[0] (d3[0])        q12     q13
//	         d1[1] (d3[1])        q14     q15
//
//	R0 C   R1 weights, R6 = 32 bytes a step   R2 bytes between rows of C   R3 B
//	R4 steps left   R5 bias or C, scratch   at the end q2 lo, q3 hi

#define STEP(b0, b1, m) \
	VMLA(8, b0, m, 0)    \
	VMLA(9, b1, m, 0)    \
	VMLA(10, b0, m, 1)   \
	VMLA(11, b1, m, 1)   \
	VMLA(12, b0, m+1, 0) \
	VMLA(13, b1, m+1, 0) \
	VMLA(14, b0, m+1, 1) \
	VMLA(15, b1, m+1, 1)

// func tile8NEON(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile8NEON(SB), NOSPLIT, $0-36
	MOVW  c+0(FP), R0
	MOVW  ldc+4(FP), R2
	MOVW  w+8(FP), R1
	MOVW  b+12(FP), R3
	MOVW  k+20(FP), R4
	MOVW  $32, R6
	MOVW  R2<<2, R2
	MOVBU resume+24(FP), R5
	CMP   $0, R5
	BNE   resume
	MOVW  init+16(FP), R5
	CMP   $0, R5
	BNE   bias
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	B     steps

bias:
	LOADDUP(16, 5)
	LOADDUP(20, 5)
	LOADDUP(24, 5)
	LOADDUP(28, 5)
	VMOVQ(9, 8)
	VMOVQ(11, 10)
	VMOVQ(13, 12)
	VMOVQ(15, 14)
	B steps

resume:
	MOVW R0, R5
	LOAD4STEP(16, 5, 2)
	LOAD4STEP(20, 5, 2)
	LOAD4STEP(24, 5, 2)
	LOAD4STEP(28, 5, 2)

steps:
	SUB.S $2, R4
	BLT   last

two:
	LOAD2STEP(0, 1, 6)
	LOAD4(4, 3)
	LOAD2STEP(2, 1, 6)
	LOAD4(8, 3)
	STEP(2, 3, 0)
	STEP(4, 5, 2)
	SUB.S $2, R4
	BGE   two

last:
	ADD.S $2, R4
	BEQ   store
	LOAD2STEP(0, 1, 6)
	LOAD4(4, 3)
	STEP(2, 3, 0)

store:
	MOVW lo+28(FP), R5
	VDUP(2, 5)
	MOVW hi+32(FP), R5
	VDUP(3, 5)
	CLAMP(8, 2, 3)
	CLAMP(9, 2, 3)
	CLAMP(10, 2, 3)
	CLAMP(11, 2, 3)
	CLAMP(12, 2, 3)
	CLAMP(13, 2, 3)
	CLAMP(14, 2, 3)
	CLAMP(15, 2, 3)
	STORE4STEP(16, 0, 2)
	STORE4STEP(20, 0, 2)
	STORE4STEP(24, 0, 2)
	STORE4STEP(28, 0, 2)
	RET
