#include "textflag.h"

// Windows that slide over a row, AVX512: four vectors of results at a time, or one,
// summed over the taps. A tap is one weight for all of them and the inputs from
// its offset on.
//
//	DI results   SI inputs   R8 offsets   R9 weights   R10 taps   CX results left
//	BX tap   DX its inputs
//	Z0-Z3 sums   Z4 weight   Z5 bias   Z6 lo   Z7 hi

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(at, A) \
	VMAXPS  A, Z6, A \
	VMINPS  A, Z7, A \
	VMOVUPS A, at(DI)

// func correlateAVX512(y, x *float32, off *int, w *float32, taps, n int, bias, lo, hi float32)
TEXT ·correlateAVX512(SB), NOSPLIT, $0-60
	MOVQ         y+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         off+16(FP), R8
	MOVQ         w+24(FP), R9
	MOVQ         taps+32(FP), R10
	MOVQ         n+40(FP), CX
	VBROADCASTSS bias+48(FP), Z5
	VBROADCASTSS lo+52(FP), Z6
	VBROADCASTSS hi+56(FP), Z7

four:
	CMPQ    CX, $64
	JLT     one
	VMOVAPS Z5, Z0
	VMOVAPS Z5, Z1
	VMOVAPS Z5, Z2
	VMOVAPS Z5, Z3
	XORQ    BX, BX

fourTaps:
	MOVQ         (R8)(BX*8), DX
	LEAQ         (SI)(DX*4), DX
	VBROADCASTSS (R9)(BX*4), Z4
	VFMADD231PS  (DX), Z4, Z0
	VFMADD231PS  64(DX), Z4, Z1
	VFMADD231PS  128(DX), Z4, Z2
	VFMADD231PS  192(DX), Z4, Z3
	INCQ         BX
	CMPQ         BX, R10
	JLT          fourTaps
	STORE(0, Z0)
	STORE(64, Z1)
	STORE(128, Z2)
	STORE(192, Z3)
	ADDQ         $256, DI
	ADDQ         $256, SI
	SUBQ         $64, CX
	JMP          four

one:
	TESTQ   CX, CX
	JEQ     done
	VMOVAPS Z5, Z0
	XORQ    BX, BX

oneTaps:
	MOVQ         (R8)(BX*8), DX
	VBROADCASTSS (R9)(BX*4), Z4
	VFMADD231PS  (SI)(DX*4), Z4, Z0
	INCQ         BX
	CMPQ         BX, R10
	JLT          oneTaps
	STORE(0, Z0)
	ADDQ         $64, DI
	ADDQ         $64, SI
	SUBQ         $16, CX
	JMP          one

done:
	VZEROUPPER
	RET

// func maximumAVX512(y, x *float32, off *int, taps, n int)
TEXT ·maximumAVX512(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ off+16(FP), R8
	MOVQ taps+24(FP), R10
	MOVQ n+32(FP), CX

fourMax:
	CMPQ    CX, $64
	JLT     oneMax
	MOVQ    (R8), DX
	LEAQ    (SI)(DX*4), DX
	VMOVUPS (DX), Z0
	VMOVUPS 64(DX), Z1
	VMOVUPS 128(DX), Z2
	VMOVUPS 192(DX), Z3
	MOVQ    $1, BX
	JMP     fourMaxNext

fourMaxTaps:
	MOVQ   (R8)(BX*8), DX
	LEAQ   (SI)(DX*4), DX
	VMAXPS (DX), Z0, Z0
	VMAXPS 64(DX), Z1, Z1
	VMAXPS 128(DX), Z2, Z2
	VMAXPS 192(DX), Z3, Z3
	INCQ   BX

fourMaxNext:
	CMPQ    BX, R10
	JLT     fourMaxTaps
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	VMOVUPS Z2, 128(DI)
	VMOVUPS Z3, 192(DI)
	ADDQ    $256, DI
	ADDQ    $256, SI
	SUBQ    $64, CX
	JMP     fourMax

oneMax:
	TESTQ   CX, CX
	JEQ     doneMax
	MOVQ    (R8), DX
	VMOVUPS (SI)(DX*4), Z0
	MOVQ    $1, BX
	JMP     oneMaxNext

oneMaxTaps:
	MOVQ   (R8)(BX*8), DX
	VMAXPS (SI)(DX*4), Z0, Z0
	INCQ   BX

oneMaxNext:
	CMPQ    BX, R10
	JLT     oneMaxTaps
	VMOVUPS Z0, (DI)
	ADDQ    $64, DI
	ADDQ    $64, SI
	SUBQ    $16, CX
	JMP     oneMax

doneMax:
	VZEROUPPER
	RET
