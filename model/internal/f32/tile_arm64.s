#include "textflag.h"
#include "neon_arm64.h"

// The matrix product's register tile, NEON: 8 rows of a 16-row panel times 12
// (or, for the last columns, 4) columns of B, summed over k columns of W.
//
//	                     B: R3 ─▶ [V24][V25][V26]   48 (16) bytes a step
//	W: R1 ─▶ V27 lane 0            V0   V8   V16
//	             lane 1            V1   V9   V17    C rows, R0, R2 bytes apart
//	             ...
//	         V28 lane 3            V7   V15  V23
//
// In-order cores wait for a load that is needed at once, so each register is
// loaded anew for the next step as soon as it has been used for the last time.
//
//	R0 C   R1 weights, 64 bytes a step   R2 bytes between rows of C   R3 B
//	R4 steps left   R5 bias or C, scratch   V30 lo   V31 hi

#define HALF(c, b, w) \
	FMLA(c, b, w, 0)   \
	FMLA(c+1, b, w, 1) \
	FMLA(c+2, b, w, 2) \
	FMLA(c+3, b, w, 3)

// BOUND bounds one row of C.
#define BOUND(r) \
	CLAMP(r)    \
	CLAMP(8+r)  \
	CLAMP(16+r)

// func tile12NEON(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile12NEON(SB), NOSPLIT, $0-60
	MOVD  c+0(FP), R0
	MOVD  ldc+8(FP), R2
	MOVD  w+16(FP), R1
	MOVD  b+24(FP), R3
	MOVD  k+40(FP), R4
	LSL   $2, R2, R2
	MOVBU resume+48(FP), R5
	CBNZ  R5, resume
	MOVD  init+32(FP), R5
	CBNZ  R5, bias
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
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
	ZERO(16)
	ZERO(17)
	ZERO(18)
	ZERO(19)
	ZERO(20)
	ZERO(21)
	ZERO(22)
	ZERO(23)
	B     steps

bias:
	VLD1R.P 4(R5), [V0.S4]
	VLD1R.P 4(R5), [V1.S4]
	VLD1R.P 4(R5), [V2.S4]
	VLD1R.P 4(R5), [V3.S4]
	VLD1R.P 4(R5), [V4.S4]
	VLD1R.P 4(R5), [V5.S4]
	VLD1R.P 4(R5), [V6.S4]
	VLD1R.P 4(R5), [V7.S4]
	VMOV    V0.B16, V8.B16
	VMOV    V1.B16, V9.B16
	VMOV    V2.B16, V10.B16
	VMOV    V3.B16, V11.B16
	VMOV    V4.B16, V12.B16
	VMOV    V5.B16, V13.B16
	VMOV    V6.B16, V14.B16
	VMOV    V7.B16, V15.B16
	VMOV    V0.B16, V16.B16
	VMOV    V1.B16, V17.B16
	VMOV    V2.B16, V18.B16
	VMOV    V3.B16, V19.B16
	VMOV    V4.B16, V20.B16
	VMOV    V5.B16, V21.B16
	VMOV    V6.B16, V22.B16
	VMOV    V7.B16, V23.B16
	B       steps

#define RESUME(A, B, C) \
	FMOVQ 0(R5), A    \
	FMOVQ 16(R5), B   \
	FMOVQ 32(R5), C   \
	ADD   R2, R5

resume:
	MOVD R0, R5
	RESUME(F0, F8, F16)
	RESUME(F1, F9, F17)
	RESUME(F2, F10, F18)
	RESUME(F3, F11, F19)
	RESUME(F4, F12, F20)
	RESUME(F5, F13, F21)
	RESUME(F6, F14, F22)
	RESUME(F7, F15, F23)

steps:
	FMOVQ   0(R1), F27
	FMOVQ   16(R1), F28
	FMOVQ.P 16(R3), F24
	FMOVQ.P 16(R3), F25
	FMOVQ.P 16(R3), F26
	SUBS    $1, R4, R4
	BEQ     last

step:
	HALF(0, 24, 27)
	HALF(4, 24, 28)
	FMOVQ.P 16(R3), F24
	HALF(8, 25, 27)
	HALF(12, 25, 28)
	FMOVQ.P 16(R3), F25
	ADD     $64, R1
	HALF(16, 26, 27)
	FMOVQ   0(R1), F27
	HALF(20, 26, 28)
	FMOVQ   16(R1), F28
	FMOVQ.P 16(R3), F26
	SUBS    $1, R4, R4
	BNE     step

last:
	HALF(0, 24, 27)
	HALF(4, 24, 28)
	HALF(8, 25, 27)
	HALF(12, 25, 28)
	HALF(16, 26, 27)
	HALF(20, 26, 28)

	MOVWU lo+52(FP), R5
	VDUP  R5, V30.S4
	MOVWU hi+56(FP), R5
	VDUP  R5, V31.S4
	BOUND(0)
	BOUND(1)
	BOUND(2)
	BOUND(3)
	BOUND(4)
	BOUND(5)
	BOUND(6)
	BOUND(7)

#define WRITE(A, B, C) \
	FMOVQ A, 0(R0)    \
	FMOVQ B, 16(R0)   \
	FMOVQ C, 32(R0)   \
	ADD   R2, R0

	WRITE(F0, F8, F16)
	WRITE(F1, F9, F17)
	WRITE(F2, F10, F18)
	WRITE(F3, F11, F19)
	WRITE(F4, F12, F20)
	WRITE(F5, F13, F21)
	WRITE(F6, F14, F22)
	WRITE(F7, F15, F23)
	RET

#define RESUME1(A) \
	FMOVQ 0(R5), A \
	ADD   R2, R5

#define WRITE1(r, A) \
	CLAMP(r)       \
	FMOVQ A, 0(R0) \
	ADD   R2, R0

// func tile4NEON(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile4NEON(SB), NOSPLIT, $0-60
	MOVD  c+0(FP), R0
	MOVD  ldc+8(FP), R2
	MOVD  w+16(FP), R1
	MOVD  b+24(FP), R3
	MOVD  k+40(FP), R4
	LSL   $2, R2, R2
	MOVBU resume+48(FP), R5
	CBNZ  R5, resume4
	MOVD  init+32(FP), R5
	CBNZ  R5, bias4
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
	ZERO(4)
	ZERO(5)
	ZERO(6)
	ZERO(7)
	B     step4

bias4:
	VLD1R.P 4(R5), [V0.S4]
	VLD1R.P 4(R5), [V1.S4]
	VLD1R.P 4(R5), [V2.S4]
	VLD1R.P 4(R5), [V3.S4]
	VLD1R.P 4(R5), [V4.S4]
	VLD1R.P 4(R5), [V5.S4]
	VLD1R.P 4(R5), [V6.S4]
	VLD1R.P 4(R5), [V7.S4]
	B       step4

resume4:
	MOVD R0, R5
	RESUME1(F0)
	RESUME1(F1)
	RESUME1(F2)
	RESUME1(F3)
	RESUME1(F4)
	RESUME1(F5)
	RESUME1(F6)
	RESUME1(F7)

step4:
	FMOVQ   0(R1), F27
	FMOVQ.P 16(R3), F24
	FMOVQ   16(R1), F28
	ADD     $64, R1
	HALF(0, 24, 27)
	HALF(4, 24, 28)
	SUBS    $1, R4, R4
	BNE     step4

	MOVWU lo+52(FP), R5
	VDUP  R5, V30.S4
	MOVWU hi+56(FP), R5
	VDUP  R5, V31.S4
	WRITE1(0, F0)
	WRITE1(1, F1)
	WRITE1(2, F2)
	WRITE1(3, F3)
	WRITE1(4, F4)
	WRITE1(5, F5)
	WRITE1(6, F6)
	WRITE1(7, F7)
	RET
