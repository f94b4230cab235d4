#include "textflag.h"

// The matrix product's register tile, AVX-512: 8 rows of a 32-row panel times
// 48 (or, for the last columns, 16) columns of B, summed over k columns of W.
//
//	               B: R8 ─▶ [Z24][Z25][Z26]   192 (64) bytes a step
//	  W: SI ─▶ w0            Z0   Z1   Z2
//	           w1            Z3   Z4   Z5     C rows, DI, DX bytes apart
//	           ...           ...
//	           w7            Z21  Z22  Z23
//
//	DI C   DX bytes between rows of C   SI weights, 128 bytes a step
//	R8 B   BX bias or 0   CX steps left
//	Z0-Z23 sums   Z24-Z26 B   Z27-Z29 broadcast weights   Z30 lo   Z31 hi

#define ZERO(A, B, C) \
	VPXORQ A, A, A \
	VPXORQ B, B, B \
	VPXORQ C, C, C

#define BIAS(r, A, B, C) \
	VBROADCASTSS (4*r)(BX), A \
	VMOVAPS      A, B         \
	VMOVAPS      A, C

#define RESUME(A, B, C) \
	VMOVUPS (BX), A     \
	VMOVUPS 64(BX), B   \
	VMOVUPS 128(BX), C  \
	ADDQ    DX, BX

#define ROW(r, T, A, B, C) \
	VBROADCASTSS (4*r)(SI), T \
	VFMADD231PS  Z24, T, A    \
	VFMADD231PS  Z25, T, B    \
	VFMADD231PS  Z26, T, C

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(A, B, C) \
	VMAXPS  A, Z30, A   \
	VMAXPS  B, Z30, B   \
	VMAXPS  C, Z30, C   \
	VMINPS  A, Z31, A   \
	VMINPS  B, Z31, B   \
	VMINPS  C, Z31, C   \
	VMOVUPS A, (DI)     \
	VMOVUPS B, 64(DI)   \
	VMOVUPS C, 128(DI)  \
	ADDQ    DX, DI

// func tile48AVX512(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile48AVX512(SB), NOSPLIT, $0-60
	MOVQ         c+0(FP), DI
	MOVQ         ldc+8(FP), DX
	MOVQ         w+16(FP), SI
	MOVQ         b+24(FP), R8
	MOVQ         k+40(FP), CX
	VBROADCASTSS lo+52(FP), Z30
	VBROADCASTSS hi+56(FP), Z31
	SHLQ         $2, DX
	MOVBLZX      resume+48(FP), BX
	TESTL        BX, BX
	JNE          resume48
	MOVQ         init+32(FP), BX
	TESTQ        BX, BX
	JNE          bias48
	ZERO(Z0, Z1, Z2)
	ZERO(Z3, Z4, Z5)
	ZERO(Z6, Z7, Z8)
	ZERO(Z9, Z10, Z11)
	ZERO(Z12, Z13, Z14)
	ZERO(Z15, Z16, Z17)
	ZERO(Z18, Z19, Z20)
	ZERO(Z21, Z22, Z23)
	JMP          step48

bias48:
	BIAS(0, Z0, Z1, Z2)
	BIAS(1, Z3, Z4, Z5)
	BIAS(2, Z6, Z7, Z8)
	BIAS(3, Z9, Z10, Z11)
	BIAS(4, Z12, Z13, Z14)
	BIAS(5, Z15, Z16, Z17)
	BIAS(6, Z18, Z19, Z20)
	BIAS(7, Z21, Z22, Z23)
	JMP step48

resume48:
	MOVQ DI, BX
	RESUME(Z0, Z1, Z2)
	RESUME(Z3, Z4, Z5)
	RESUME(Z6, Z7, Z8)
	RESUME(Z9, Z10, Z11)
	RESUME(Z12, Z13, Z14)
	RESUME(Z15, Z16, Z17)
	RESUME(Z18, Z19, Z20)
	RESUME(Z21, Z22, Z23)

step48:
	VMOVUPS (R8), Z24
	VMOVUPS 64(R8), Z25
	VMOVUPS 128(R8), Z26
	ROW(0, Z27, Z0, Z1, Z2)
	ROW(1, Z28, Z3, Z4, Z5)
	ROW(2, Z29, Z6, Z7, Z8)
	ROW(3, Z27, Z9, Z10, Z11)
	ROW(4, Z28, Z12, Z13, Z14)
	ROW(5, Z29, Z15, Z16, Z17)
	ROW(6, Z27, Z18, Z19, Z20)
	ROW(7, Z28, Z21, Z22, Z23)
	ADDQ    $192, R8
	ADDQ    $128, SI
	DECQ    CX
	JNE     step48

	STORE(Z0, Z1, Z2)
	STORE(Z3, Z4, Z5)
	STORE(Z6, Z7, Z8)
	STORE(Z9, Z10, Z11)
	STORE(Z12, Z13, Z14)
	STORE(Z15, Z16, Z17)
	STORE(Z18, Z19, Z20)
	STORE(Z21, Z22, Z23)
	VZEROUPPER
	RET

#define RESUME1(A) \
	VMOVUPS (BX), A \
	ADDQ    DX, BX

#define STORE1(A) \
	VMAXPS  A, Z30, A \
	VMINPS  A, Z31, A \
	VMOVUPS A, (DI)   \
	ADDQ    DX, DI

// Eight sums, Z0-Z7, are just enough chains; the weights are broadcast by the
// multiply itself.
// func tile16AVX512(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile16AVX512(SB), NOSPLIT, $0-60
	MOVQ         c+0(FP), DI
	MOVQ         ldc+8(FP), DX
	MOVQ         w+16(FP), SI
	MOVQ         b+24(FP), R8
	MOVQ         k+40(FP), CX
	VBROADCASTSS lo+52(FP), Z30
	VBROADCASTSS hi+56(FP), Z31
	SHLQ         $2, DX
	MOVBLZX      resume+48(FP), BX
	TESTL        BX, BX
	JNE          resume16
	MOVQ         init+32(FP), BX
	TESTQ        BX, BX
	JNE          bias16
	ZERO(Z0, Z1, Z2)
	ZERO(Z3, Z4, Z5)
	VPXORQ       Z6, Z6, Z6
	VPXORQ       Z7, Z7, Z7
	JMP          step16

bias16:
	VBROADCASTSS 0(BX), Z0
	VBROADCASTSS 4(BX), Z1
	VBROADCASTSS 8(BX), Z2
	VBROADCASTSS 12(BX), Z3
	VBROADCASTSS 16(BX), Z4
	VBROADCASTSS 20(BX), Z5
	VBROADCASTSS 24(BX), Z6
	VBROADCASTSS 28(BX), Z7
	JMP          step16

resume16:
	MOVQ DI, BX
	RESUME1(Z0)
	RESUME1(Z1)
	RESUME1(Z2)
	RESUME1(Z3)
	RESUME1(Z4)
	RESUME1(Z5)
	RESUME1(Z6)
	RESUME1(Z7)

step16:
	VMOVUPS          (R8), Z24
	VFMADD231PS.BCST 0(SI), Z24, Z0
	VFMADD231PS.BCST 4(SI), Z24, Z1
	VFMADD231PS.BCST 8(SI), Z24, Z2
	VFMADD231PS.BCST 12(SI), Z24, Z3
	VFMADD231PS.BCST 16(SI), Z24, Z4
	VFMADD231PS.BCST 20(SI), Z24, Z5
	VFMADD231PS.BCST 24(SI), Z24, Z6
	VFMADD231PS.BCST 28(SI), Z24, Z7
	ADDQ             $64, R8
	ADDQ             $128, SI
	DECQ             CX
	JNE              step16

	STORE1(Z0)
	STORE1(Z1)
	STORE1(Z2)
	STORE1(Z3)
	STORE1(Z4)
	STORE1(Z5)
	STORE1(Z6)
	STORE1(Z7)
	VZEROUPPER
	RET
