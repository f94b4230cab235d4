#include "go_asm.h"
#include "textflag.h"
#include "neon_arm.h"

// The matrix product's register tile, NEON of armv7: 6 rows, half a panel of 12,
// times 8 columns of B. One call goes through one strip of rows after the other
// (see strips).
//
//	               B: R3 ─▶ [q2][q3]
//	W: R1 ─▶ d0[0]           q4  q5
//	         d0[1]           q6  q7       C rows, R0, R2 bytes apart
//	         ...
//	         d2[1]           q14 q15
//
// In-order cores wait for a load that is needed at once: a register is loaded anew
// for the next step as soon as it has been used for the last time.
//
//	R0 C   R1 weights, 48 bytes a step   R2 bytes between rows of C   R3 B
//	R4 steps left   R5 scratch   R6 bytes from the second half of a row of B to the
//	next row   R7 48   R8 strips   R9 weights of the strip   R12 bias
//	at the end q2 lo, q3 hi

// vld1.32 {dd, dd+1, dd+2}, [r], step
#define LOAD3STEP(d, r, step) WORD $(0xf4200680 | DD(d) | (r)<<16 | (step))

// HALF multiplies one register of B with the weights of six rows.
#define HALF(c, b) \
	VMLA(c, b, 0, 0)    \
	VMLA(c+2, b, 0, 1)  \
	VMLA(c+4, b, 1, 0)  \
	VMLA(c+6, b, 1, 1)  \
	VMLA(c+8, b, 2, 0)  \
	VMLA(c+10, b, 2, 1)

#define STEP \
	HALF(4, 2)           \
	LOAD2(4, 3)          \
	HALF(5, 3)           \
	LOAD3STEP(0, 1, 7)   \
	LOAD2STEP(6, 3, 6)

// LAST leaves where no row of C is left.
#define LAST(label) \
	SUB.S $1, R5 \
	BEQ   label

// func strips8NEON(s *strips)
TEXT ·strips8NEON(SB), NOSPLIT, $12-4
	MOVW s+0(FP), R8
	MOVW strips_c(R8), R0
	MOVW strips_w(R8), R9
	MOVW strips_init(R8), R12
	MOVW strips_ldc(R8), R2
	MOVW strips_ldb(R8), R6
	MOVW strips_pitch(R8), R5
	MOVW strips_count(R8), R4
	MOVW R4, count-12(SP)
	MOVW R2<<2, R2
	MOVW R6<<2, R6
	SUB  $16, R6
	MOVW R5<<2, R5
	SUB  $24, R5
	MOVW R5, after-8(SP) // bytes to the strip after the next one
	MOVW $24, R5
	MOVW R5, next-4(SP)  // bytes to the next strip, in the same panel
	MOVW $48, R7

strip:
	MOVBU strips_resume(R8), R5
	CMP   $0, R5
	BNE   resume
	CMP   $0, R12
	BNE   bias
	ZERO(4)
	ZERO(5)
	ZERO(6)
	ZERO(7)
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	B     begin

bias:
	LOADDUP(8, 12)
	LOADDUP(12, 12)
	LOADDUP(16, 12)
	LOADDUP(20, 12)
	LOADDUP(24, 12)
	LOADDUP(28, 12)
	VMOVQ(5, 4)
	VMOVQ(7, 6)
	VMOVQ(9, 8)
	VMOVQ(11, 10)
	VMOVQ(13, 12)
	VMOVQ(15, 14)
	B begin

resume:
	MOVW strips_high(R8), R5
	MOVW R0, R3
	LOAD4STEP(8, 3, 2)
	LAST(begin)
	LOAD4STEP(12, 3, 2)
	LAST(begin)
	LOAD4STEP(16, 3, 2)
	LAST(begin)
	LOAD4STEP(20, 3, 2)
	LAST(begin)
	LOAD4STEP(24, 3, 2)
	LAST(begin)
	LOAD4STEP(28, 3, 2)

begin:
	MOVW  R9, R1
	MOVW  strips_b(R8), R3
	MOVW  strips_k(R8), R4
	LOAD3STEP(0, 1, 7)
	LOAD2(4, 3)
	LOAD2STEP(6, 3, 6)
	SUB.S $8, R4
	BLE   rest

steps:
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	SUB.S $8, R4
	BGT   steps

rest: // 1 to 8 steps, R4 is less 8
	ADD.S $3, R4
	BLT   few
	STEP
	STEP
	STEP
	STEP
	SUB $4, R4

few: // 1 to 4 steps, R4 is less 5
	ADD.S $4, R4
	BEQ   last

one:
	STEP
	SUB.S $1, R4
	BNE   one

last:
	HALF(4, 2)
	HALF(5, 3)

	MOVW strips_lo(R8), R4
	MOVW $0xff800000, R5
	CMP  R5, R4
	BEQ  high
	VDUP(2, 4)
	VMAX(4, 4, 2)
	VMAX(5, 5, 2)
	VMAX(6, 6, 2)
	VMAX(7, 7, 2)
	VMAX(8, 8, 2)
	VMAX(9, 9, 2)
	VMAX(10, 10, 2)
	VMAX(11, 11, 2)
	VMAX(12, 12, 2)
	VMAX(13, 13, 2)
	VMAX(14, 14, 2)
	VMAX(15, 15, 2)

high:
	MOVW strips_hi(R8), R4
	MOVW $0x7f800000, R5
	CMP  R5, R4
	BEQ  store
	VDUP(3, 4)
	VMIN(4, 4, 3)
	VMIN(5, 5, 3)
	VMIN(6, 6, 3)
	VMIN(7, 7, 3)
	VMIN(8, 8, 3)
	VMIN(9, 9, 3)
	VMIN(10, 10, 3)
	VMIN(11, 11, 3)
	VMIN(12, 12, 3)
	VMIN(13, 13, 3)
	VMIN(14, 14, 3)
	VMIN(15, 15, 3)

store:
	MOVW strips_high(R8), R5
	CMP  $6, R5
	BNE  some
	STORE4STEP(8, 0, 2)
	STORE4STEP(12, 0, 2)
	STORE4STEP(16, 0, 2)
	STORE4STEP(20, 0, 2)
	STORE4STEP(24, 0, 2)
	STORE4STEP(28, 0, 2)
	MOVW  next-4(SP), R4
	MOVW  after-8(SP), R5
	MOVW  R5, next-4(SP)
	MOVW  R4, after-8(SP)
	ADD   R4, R9
	MOVW  count-12(SP), R4
	SUB.S $1, R4
	MOVW  R4, count-12(SP)
	BNE   strip
	RET

some: // fewer than 6 rows, and the last strip
	STORE4STEP(8, 0, 2)
	LAST(done)
	STORE4STEP(12, 0, 2)
	LAST(done)
	STORE4STEP(16, 0, 2)
	LAST(done)
	STORE4STEP(20, 0, 2)
	LAST(done)
	STORE4STEP(24, 0, 2)

done:
	RET
