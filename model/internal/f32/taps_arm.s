#include "textflag.h"
#include "neon_arm.h"

// Windows that slide over a row, NEON of armv7: 16 results at a time, or 4,
// summed over the taps. A tap is one weight for all of them and the inputs from
// its offset on.
//
//	R0 results   R1 inputs   R2 offsets   R3 weights   R4 taps   R5 results left
//	R6, R7, R8 offset, weight and taps left   R9 inputs of a tap
//	q0-q3 sums   d8 weight   q8-q11 inputs   q12 lo   q13 hi   q14 bias

// func correlateNEON(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)
TEXT ·correlateNEON(SB), NOSPLIT, $0-36
	MOVW y+0(FP), R0
	MOVW x+4(FP), R1
	MOVW off+8(FP), R2
	MOVW w+12(FP), R3
	MOVW taps+16(FP), R4
	MOVW n+20(FP), R5
	MOVW bias+24(FP), R9
	VDUP(14, 9)
	MOVW lo+28(FP), R9
	VDUP(12, 9)
	MOVW hi+32(FP), R9
	VDUP(13, 9)

four:
	CMP  $16, R5
	BLT  one
	VMOVQ(0, 14)
	VMOVQ(1, 14)
	VMOVQ(2, 14)
	VMOVQ(3, 14)
	MOVW R2, R6
	MOVW R3, R7
	MOVW R4, R8

fourTaps:
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOADLANE(8, 0, 7)
	LOAD4(16, 9)
	LOAD4(20, 9)
	VMLA(0, 8, 8, 0)
	VMLA(1, 9, 8, 0)
	VMLA(2, 10, 8, 0)
	VMLA(3, 11, 8, 0)
	SUB.S  $1, R8
	BNE    fourTaps
	CLAMP(0, 12, 13)
	CLAMP(1, 12, 13)
	CLAMP(2, 12, 13)
	CLAMP(3, 12, 13)
	STORE4(0, 0)
	STORE4(4, 0)
	ADD    $64, R1
	SUB    $16, R5
	B      four

one:
	CMP  $0, R5
	BEQ  done
	VMOVQ(0, 14)
	MOVW R2, R6
	MOVW R3, R7
	MOVW R4, R8

oneTaps:
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOADLANE(8, 0, 7)
	LOAD2(16, 9)
	VMLA(0, 8, 8, 0)
	SUB.S  $1, R8
	BNE    oneTaps
	CLAMP(0, 12, 13)
	STORE2(0, 0)
	ADD    $16, R1
	SUB    $4, R5
	B      one

done:
	RET

// func maximumNEON(y, x *float32, off *int, taps, n int)
TEXT ·maximumNEON(SB), NOSPLIT, $0-20
	MOVW y+0(FP), R0
	MOVW x+4(FP), R1
	MOVW off+8(FP), R2
	MOVW taps+12(FP), R4
	MOVW n+16(FP), R5

fourMax:
	CMP    $16, R5
	BLT    oneMax
	MOVW   R2, R6
	MOVW   R4, R8
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOAD4(0, 9)
	LOAD4(4, 9)
	B      fourMaxNext

fourMaxTaps:
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOAD4(16, 9)
	LOAD4(20, 9)
	VMAX(0, 0, 8)
	VMAX(1, 1, 9)
	VMAX(2, 2, 10)
	VMAX(3, 3, 11)

fourMaxNext:
	SUB.S  $1, R8
	BNE    fourMaxTaps
	STORE4(0, 0)
	STORE4(4, 0)
	ADD    $64, R1
	SUB    $16, R5
	B      fourMax

oneMax:
	CMP    $0, R5
	BEQ    doneMax
	MOVW   R2, R6
	MOVW   R4, R8
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOAD2(0, 9)
	B      oneMaxNext

oneMaxTaps:
	MOVW.P 4(R6), R9
	ADD    R9<<2, R1, R9
	LOAD2(16, 9)
	VMAX(0, 0, 8)

oneMaxNext:
	SUB.S  $1, R8
	BNE    oneMaxTaps
	STORE2(0, 0)
	ADD    $16, R1
	SUB    $4, R5
	B      oneMax

doneMax:
	RET
