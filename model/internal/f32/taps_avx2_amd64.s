#include "textflag.h"

// Windows that slide over a row, AVX2: four vectors of results at a time, or one,
// summed over the taps. A tap is one weight for all of them and the inputs from
// its offset on.
//
//	DI results   SI inputs   R8 offsets   R9 weights   R10 taps   CX results left
//	BX tap   DX its inputs
//	Y0-Y3 sums   Y4 weight   Y5 bias   Y6 lo   Y7 hi

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(at, A) \
	VMAXPS  A, Y6, A \
	VMINPS  A, Y7, A \
	VMOVUPS A, at(DI)

// func correlateAVX2(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)
TEXT ·correlateAVX2(SB), NOSPLIT, $0-60
	MOVQ         y+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         off+16(FP), R8
	MOVQ         w+24(FP), R9
	MOVQ         taps+32(FP), R10
	MOVQ         n+40(FP), CX
	VBROADCASTSS bias+48(FP), Y5
	VBROADCASTSS lo+52(FP), Y6
	VBROADCASTSS hi+56(FP), Y7

four:
	CMPQ    CX, $32
	JLT     one
	VMOVAPS Y5, Y0
	VMOVAPS Y5, Y1
	VMOVAPS Y5, Y2
	VMOVAPS Y5, Y3
	XORQ    BX, BX

fourTaps:
	MOVQ         (R8)(BX*8), DX
	LEAQ         (SI)(DX*4), DX
	VBROADCASTSS (R9)(BX*4), Y4
	VFMADD231PS  (DX), Y4, Y0
	VFMADD231PS  32(DX), Y4, Y1
	VFMADD231PS  64(DX), Y4, Y2
	VFMADD231PS  96(DX), Y4, Y3
	INCQ         BX
	CMPQ         BX, R10
	JLT          fourTaps
	STORE(0, Y0)
	STORE(32, Y1)
	STORE(64, Y2)
	STORE(96, Y3)
	ADDQ         $128, DI
	ADDQ         $128, SI
	SUBQ         $32, CX
	JMP          four

one:
	TESTQ   CX, CX
	JEQ     done
	VMOVAPS Y5, Y0
	XORQ    BX, BX

oneTaps:
	MOVQ         (R8)(BX*8), DX
	VBROADCASTSS (R9)(BX*4), Y4
	VFMADD231PS  (SI)(DX*4), Y4, Y0
	INCQ         BX
	CMPQ         BX, R10
	JLT          oneTaps
	STORE(0, Y0)
	ADDQ         $32, DI
	ADDQ         $32, SI
	SUBQ         $8, CX
	JMP          one

done:
	VZEROUPPER
	RET

// func maximumAVX2(y, x *float32, off *int, taps, n int)
TEXT ·maximumAVX2(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ off+16(FP), R8
	MOVQ taps+24(FP), R10
	MOVQ n+32(FP), CX

fourMax:
	CMPQ    CX, $32
	JLT     oneMax
	MOVQ    (R8), DX
	LEAQ    (SI)(DX*4), DX
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVUPS 64(DX), Y2
	VMOVUPS 96(DX), Y3
	MOVQ    $1, BX
	JMP     fourMaxNext

fourMaxTaps:
	MOVQ   (R8)(BX*8), DX
	LEAQ   (SI)(DX*4), DX
	VMAXPS (DX), Y0, Y0
	VMAXPS 32(DX), Y1, Y1
	VMAXPS 64(DX), Y2, Y2
	VMAXPS 96(DX), Y3, Y3
	INCQ   BX

fourMaxNext:
	CMPQ    BX, R10
	JLT     fourMaxTaps
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ    $128, DI
	ADDQ    $128, SI
	SUBQ    $32, CX
	JMP     fourMax

oneMax:
	TESTQ   CX, CX
	JEQ     doneMax
	MOVQ    (R8), DX
	VMOVUPS (SI)(DX*4), Y0
	MOVQ    $1, BX
	JMP     oneMaxNext

oneMaxTaps:
	MOVQ   (R8)(BX*8), DX
	VMAXPS (SI)(DX*4), Y0, Y0
	INCQ   BX

oneMaxNext:
	CMPQ    BX, R10
	JLT     oneMaxTaps
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	ADDQ    $32, SI
	SUBQ    $8, CX
	JMP     oneMax

doneMax:
	VZEROUPPER
	RET
