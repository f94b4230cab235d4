#include "textflag.h"
#include "neon_arm64.h"

// Windows that slide over a row, NEON: 16 results at a time, or 4, summed over
// the taps. A tap is one weight for all of them and the inputs from its offset
// on.
//
//	R0 results   R1 inputs   R2 offsets   R3 weights   R4 taps   R5 results left
//	R6, R7, R8 offset, weight and taps left   R9 inputs of a tap
//	V0-V3 sums   V4 weight   V16-V19 inputs   V29 bias   V30 lo   V31 hi

// func correlateNEON(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)
TEXT ·correlateNEON(SB), NOSPLIT, $0-60
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  off+16(FP), R2
	MOVD  w+24(FP), R3
	MOVD  taps+32(FP), R4
	MOVD  n+40(FP), R5
	MOVWU bias+48(FP), R9
	VDUP  R9, V29.S4
	MOVWU lo+52(FP), R9
	VDUP  R9, V30.S4
	MOVWU hi+56(FP), R9
	VDUP  R9, V31.S4

four:
	CMP  $16, R5
	BLT  one
	VMOV V29.B16, V0.B16
	VMOV V29.B16, V1.B16
	VMOV V29.B16, V2.B16
	VMOV V29.B16, V3.B16
	MOVD R2, R6
	MOVD R3, R7
	MOVD R4, R8

fourTaps:
	MOVD.P  8(R6), R9
	ADD     R9<<2, R1, R9
	FMOVS.P 4(R7), F4
	VLD1    (R9), [V16.S4, V17.S4, V18.S4, V19.S4]
	FMLA(0, 16, 4, 0)
	FMLA(1, 17, 4, 0)
	FMLA(2, 18, 4, 0)
	FMLA(3, 19, 4, 0)
	SUBS    $1, R8
	BNE     fourTaps
	CLAMP(0)
	CLAMP(1)
	CLAMP(2)
	CLAMP(3)
	VST1.P  [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD     $64, R1
	SUB     $16, R5
	B       four

one:
	CBZ  R5, done
	VMOV V29.B16, V0.B16
	MOVD R2, R6
	MOVD R3, R7
	MOVD R4, R8

oneTaps:
	MOVD.P  8(R6), R9
	ADD     R9<<2, R1, R9
	FMOVS.P 4(R7), F4
	VLD1    (R9), [V16.S4]
	FMLA(0, 16, 4, 0)
	SUBS    $1, R8
	BNE     oneTaps
	CLAMP(0)
	VST1.P  [V0.S4], 16(R0)
	ADD     $16, R1
	SUB     $4, R5
	B       one

done:
	RET

// func maximumNEON(y, x *float32, off *int, taps, n int)
TEXT ·maximumNEON(SB), NOSPLIT, $0-40
	MOVD y+0(FP), R0
	MOVD x+8(FP), R1
	MOVD off+16(FP), R2
	MOVD taps+24(FP), R4
	MOVD n+32(FP), R5

fourMax:
	CMP    $16, R5
	BLT    oneMax
	MOVD   R2, R6
	MOVD   R4, R8
	MOVD.P 8(R6), R9
	ADD    R9<<2, R1, R9
	VLD1   (R9), [V0.S4, V1.S4, V2.S4, V3.S4]
	B      fourMaxNext

fourMaxTaps:
	MOVD.P 8(R6), R9
	ADD    R9<<2, R1, R9
	VLD1   (R9), [V16.S4, V17.S4, V18.S4, V19.S4]
	FMAX(0, 0, 16)
	FMAX(1, 1, 17)
	FMAX(2, 2, 18)
	FMAX(3, 3, 19)

fourMaxNext:
	SUBS   $1, R8
	BNE    fourMaxTaps
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD    $64, R1
	SUB    $16, R5
	B      fourMax

oneMax:
	CBZ    R5, doneMax
	MOVD   R2, R6
	MOVD   R4, R8
	MOVD.P 8(R6), R9
	ADD    R9<<2, R1, R9
	VLD1   (R9), [V0.S4]
	B      oneMaxNext

oneMaxTaps:
	MOVD.P 8(R6), R9
	ADD    R9<<2, R1, R9
	VLD1   (R9), [V16.S4]
	FMAX(0, 0, 16)

oneMaxNext:
	SUBS   $1, R8
	BNE    oneMaxTaps
	VST1.P [V0.S4], 16(R0)
	ADD    $16, R1
	SUB    $4, R5
	B      oneMax

doneMax:
	RET
