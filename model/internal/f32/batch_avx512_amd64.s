#include "textflag.h"

// Several frames against one panel of 32 rows, AVX-512: each column of weights
// is loaded once and multiplied by that column's entry of every frame.
//
//	            frame 0  frame 1 ...
//	rows  0..15   Z0       Z2          += Z24 (weights) * broadcast x[frame][k]
//	rows 16..31   Z1       Z3          += Z25
//
//	R8-R15 x of frames 0..7   AX k   SI weights   CX columns left
//	DI array of y   DX row   BX scratch
//	Z0-Z15 sums   Z24,Z25 weights   Z26-Z29 x[k]   Z30 lo   Z31 hi

#define ZERO(A, B) \
	VPXORQ A, A, A \
	VPXORQ B, B, B

#define BIAS(A, B) \
	VMOVUPS (BX), A   \
	VMOVUPS 64(BX), B

#define RESUME(f, A, B) \
	MOVQ    (8*f)(DI), BX     \
	VMOVUPS (BX)(DX*4), A     \
	VMOVUPS 64(BX)(DX*4), B

#define FRAME(X, T, A, B) \
	VBROADCASTSS (X)(AX*4), T \
	VFMADD231PS  Z24, T, A    \
	VFMADD231PS  Z25, T, B

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(f, A, B) \
	MOVQ    (8*f)(DI), BX     \
	VMAXPS  A, Z30, A         \
	VMAXPS  B, Z30, B         \
	VMINPS  A, Z31, A         \
	VMINPS  B, Z31, B         \
	VMOVUPS A, (BX)(DX*4)     \
	VMOVUPS B, 64(BX)(DX*4)

// AHEAD: see affine_avx512_amd64.s.
#define AHEAD 2048

// func batch8AVX512(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)
TEXT ·batch8AVX512(SB), NOSPLIT, $0-68
	MOVQ         y+0(FP), DI
	MOVQ         x+8(FP), BX
	MOVQ         w+16(FP), SI
	MOVQ         row+32(FP), DX
	MOVQ         from+40(FP), AX
	MOVQ         cols+48(FP), CX
	VBROADCASTSS lo+60(FP), Z30
	VBROADCASTSS hi+64(FP), Z31
	MOVQ         0(BX), R8
	MOVQ         8(BX), R9
	MOVQ         16(BX), R10
	MOVQ         24(BX), R11
	MOVQ         32(BX), R12
	MOVQ         40(BX), R13
	MOVQ         48(BX), R14
	MOVQ         56(BX), R15
	MOVBLZX      resume+56(FP), BX
	TESTL        BX, BX
	JNE          resume8
	MOVQ         init+24(FP), BX
	TESTQ        BX, BX
	JNE          bias8
	ZERO(Z0, Z1)
	ZERO(Z2, Z3)
	ZERO(Z4, Z5)
	ZERO(Z6, Z7)
	ZERO(Z8, Z9)
	ZERO(Z10, Z11)
	ZERO(Z12, Z13)
	ZERO(Z14, Z15)
	JMP          column8

bias8:
	BIAS(Z0, Z1)
	BIAS(Z2, Z3)
	BIAS(Z4, Z5)
	BIAS(Z6, Z7)
	BIAS(Z8, Z9)
	BIAS(Z10, Z11)
	BIAS(Z12, Z13)
	BIAS(Z14, Z15)
	JMP column8

resume8:
	RESUME(0, Z0, Z1)
	RESUME(1, Z2, Z3)
	RESUME(2, Z4, Z5)
	RESUME(3, Z6, Z7)
	RESUME(4, Z8, Z9)
	RESUME(5, Z10, Z11)
	RESUME(6, Z12, Z13)
	RESUME(7, Z14, Z15)

column8:
	PREFETCHT0 AHEAD(SI)
	PREFETCHT0 (AHEAD+64)(SI)
	VMOVUPS    (SI), Z24
	VMOVUPS    64(SI), Z25
	FRAME(R8, Z26, Z0, Z1)
	FRAME(R9, Z27, Z2, Z3)
	FRAME(R10, Z28, Z4, Z5)
	FRAME(R11, Z29, Z6, Z7)
	FRAME(R12, Z26, Z8, Z9)
	FRAME(R13, Z27, Z10, Z11)
	FRAME(R14, Z28, Z12, Z13)
	FRAME(R15, Z29, Z14, Z15)
	INCQ       AX
	ADDQ       $128, SI
	DECQ       CX
	JNE        column8

	STORE(0, Z0, Z1)
	STORE(1, Z2, Z3)
	STORE(2, Z4, Z5)
	STORE(3, Z6, Z7)
	STORE(4, Z8, Z9)
	STORE(5, Z10, Z11)
	STORE(6, Z12, Z13)
	STORE(7, Z14, Z15)
	VZEROUPPER
	RET

// func batch4AVX512(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)
TEXT ·batch4AVX512(SB), NOSPLIT, $0-68
	MOVQ         y+0(FP), DI
	MOVQ         x+8(FP), BX
	MOVQ         w+16(FP), SI
	MOVQ         row+32(FP), DX
	MOVQ         from+40(FP), AX
	MOVQ         cols+48(FP), CX
	VBROADCASTSS lo+60(FP), Z30
	VBROADCASTSS hi+64(FP), Z31
	MOVQ         0(BX), R8
	MOVQ         8(BX), R9
	MOVQ         16(BX), R10
	MOVQ         24(BX), R11
	MOVBLZX      resume+56(FP), BX
	TESTL        BX, BX
	JNE          resume4
	MOVQ         init+24(FP), BX
	TESTQ        BX, BX
	JNE          bias4
	ZERO(Z0, Z1)
	ZERO(Z2, Z3)
	ZERO(Z4, Z5)
	ZERO(Z6, Z7)
	JMP          column4

bias4:
	BIAS(Z0, Z1)
	BIAS(Z2, Z3)
	BIAS(Z4, Z5)
	BIAS(Z6, Z7)
	JMP column4

resume4:
	RESUME(0, Z0, Z1)
	RESUME(1, Z2, Z3)
	RESUME(2, Z4, Z5)
	RESUME(3, Z6, Z7)

column4:
	PREFETCHT0 AHEAD(SI)
	PREFETCHT0 (AHEAD+64)(SI)
	VMOVUPS    (SI), Z24
	VMOVUPS    64(SI), Z25
	FRAME(R8, Z26, Z0, Z1)
	FRAME(R9, Z27, Z2, Z3)
	FRAME(R10, Z28, Z4, Z5)
	FRAME(R11, Z29, Z6, Z7)
	INCQ       AX
	ADDQ       $128, SI
	DECQ       CX
	JNE        column4

	STORE(0, Z0, Z1)
	STORE(1, Z2, Z3)
	STORE(2, Z4, Z5)
	STORE(3, Z6, Z7)
	VZEROUPPER
	RET
