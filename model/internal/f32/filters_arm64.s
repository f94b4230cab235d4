#include "textflag.h"
#include "neon_arm64.h"

// Eight filters at 12 places at a time, NEON. The places are neighbours, and so
// are the inputs that a tap of the filters has at them.
//
//	                     x: R1 ─▶ [V24][V25][V26] of a tap, [V29][V30][V31] of the next
//	w: R3 ─▶ V27 lane 0            V0   V1   V2
//	             lane 1            V3   V4   V5      filters, R6 bytes apart in y
//	             ...
//	         V28 lane 3            V21  V22  V23
//
//	R0 y   R2 steps from tap to tap   R4 taps left, or pairs   R5 tiles left
//	R7 w of the first tap   R8 the first step   R9, R10 steps   R11 bias, then y
//	R12 taps   R13 the call

#define FILTERS(x, w, first) \
	FMLA(first, x, w, 0)     \
	FMLA(first+1, x+1, w, 0) \
	FMLA(first+2, x+2, w, 0) \
	FMLA(first+3, x, w, 1)   \
	FMLA(first+4, x+1, w, 1) \
	FMLA(first+5, x+2, w, 1) \
	FMLA(first+6, x, w, 2)   \
	FMLA(first+7, x+1, w, 2) \
	FMLA(first+8, x+2, w, 2) \
	FMLA(first+9, x, w, 3)   \
	FMLA(first+10, x+1, w, 3) \
	FMLA(first+11, x+2, w, 3)

#define BIAS(A, B, C) \
	VLD1R.P 4(R11), [A.S4] \
	VMOV    A.B16, B.B16   \
	VMOV    A.B16, C.B16

#define BOUND(r) \
	CLAMP(r)   \
	CLAMP(r+1) \
	CLAMP(r+2)

// func filtersNEON(c *filtersCall)
TEXT ·filtersNEON(SB), NOSPLIT, $0-8
	MOVD   c+0(FP), R13
	LDP    0(R13), (R0, R1)
	LDP    16(R13), (R7, R8)
	LDP    40(R13), (R12, R5)
	MOVD   56(R13), R6
	MOVD.P 8(R8), R9
	VLD1.P (R1)(R9), [V24.S4, V25.S4, V26.S4]

tile:
	MOVD R7, R3
	MOVD R8, R2
	MOVD 32(R13), R11
	BIAS(V0, V1, V2)
	BIAS(V3, V4, V5)
	BIAS(V6, V7, V8)
	BIAS(V9, V10, V11)
	BIAS(V12, V13, V14)
	BIAS(V15, V16, V17)
	BIAS(V18, V19, V20)
	BIAS(V21, V22, V23)
	LSR  $1, R12, R4
	TBZ  $0, R12, pairs

	FLDPQ.P 32(R3), (F27, F28)
	MOVD.P  8(R2), R9
	VLD1.P  (R1)(R9), [V29.S4, V30.S4, V31.S4]
	FILTERS(24, 27, 0)
	FILTERS(24, 28, 12)
	VMOV    V29.B16, V24.B16
	VMOV    V30.B16, V25.B16
	VMOV    V31.B16, V26.B16

pairs:
	CBZ R4, done

pair:
	FLDPQ.P 32(R3), (F27, F28)
	LDP.P   16(R2), (R9, R10)
	VLD1.P  (R1)(R9), [V29.S4, V30.S4, V31.S4]
	FILTERS(24, 27, 0)
	FILTERS(24, 28, 12)
	FLDPQ.P 32(R3), (F27, F28)
	VLD1.P  (R1)(R10), [V24.S4, V25.S4, V26.S4]
	FILTERS(29, 27, 0)
	FILTERS(29, 28, 12)
	SUBS    $1, R4
	BNE     pair

done:
	ADD   $64, R13, R11
	VLD1R.P 4(R11), [V30.S4]
	VLD1R (R11), [V31.S4]
	BOUND(0)
	BOUND(3)
	BOUND(6)
	BOUND(9)
	BOUND(12)
	BOUND(15)
	BOUND(18)
	BOUND(21)
	MOVD   R0, R11
	VST1.P [V0.S4, V1.S4, V2.S4], (R11)(R6)
	VST1.P [V3.S4, V4.S4, V5.S4], (R11)(R6)
	VST1.P [V6.S4, V7.S4, V8.S4], (R11)(R6)
	VST1.P [V9.S4, V10.S4, V11.S4], (R11)(R6)
	VST1.P [V12.S4, V13.S4, V14.S4], (R11)(R6)
	VST1.P [V15.S4, V16.S4, V17.S4], (R11)(R6)
	VST1.P [V18.S4, V19.S4, V20.S4], (R11)(R6)
	VST1.P [V21.S4, V22.S4, V23.S4], (R11)(R6)
	ADD    $48, R0
	SUBS   $1, R5
	BNE    tile
	RET
