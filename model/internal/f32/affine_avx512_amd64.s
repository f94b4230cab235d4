#include "textflag.h"

// One weight vector times the frame, AVX-512. A panel is 32 rows wide:
//
//	SI ─▶ k=0: [row 0..15][row 16..31]   one Z register each, 128 bytes a column
//	      k=1: [row 0..15][row 16..31]
//	      ...
//
// Each column is multiplied by one broadcast x[k]. Four columns in flight with
// their own sums keep eight FMA chains going, enough to hide their latency.
//
//	DI y   R8 panel   SI weights   DX x   BX x[k]   R9 init or 0
//	R10 columns   CX columns left   R11 panels left   R12 panel pitch, bytes
//	Z0,Z1 Z2,Z3 Z4,Z5 Z6,Z7 sums of columns 0..3 mod 4   Z16-Z19 x[k]
//	Z30 lo   Z31 hi

// AHEAD is how far the prefetch runs in front: the hardware's own stops at
// every 4 KB page, and a panel crosses one each 32 columns.
#define AHEAD 4096

// func affineAVX512(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)
TEXT ·affineAVX512(SB), NOSPLIT, $0-64
	MOVQ         y+0(FP), DI
	MOVQ         w+8(FP), R8
	MOVQ         x+16(FP), DX
	MOVQ         init+24(FP), R9
	MOVQ         cols+32(FP), R10
	MOVQ         panels+40(FP), R11
	MOVQ         pitch+48(FP), R12
	VBROADCASTSS lo+56(FP), Z30
	VBROADCASTSS hi+60(FP), Z31

panel:
	MOVQ   R8, SI
	MOVQ   DX, BX
	MOVQ   R10, CX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	TESTQ  R9, R9
	JEQ    sums
	VMOVUPS (R9), Z0
	VMOVUPS 64(R9), Z1
	ADDQ   $128, R9

sums:
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	SUBQ   $4, CX
	JLT    rest

four:
	PREFETCHT0   AHEAD(SI)
	VBROADCASTSS (BX), Z16
	VFMADD231PS  (SI), Z16, Z0
	VFMADD231PS  64(SI), Z16, Z1
	PREFETCHT0   (AHEAD+64)(SI)
	PREFETCHT0   (AHEAD+128)(SI)
	VBROADCASTSS 4(BX), Z17
	VFMADD231PS  128(SI), Z17, Z2
	VFMADD231PS  192(SI), Z17, Z3
	PREFETCHT0   (AHEAD+192)(SI)
	PREFETCHT0   (AHEAD+256)(SI)
	VBROADCASTSS 8(BX), Z18
	VFMADD231PS  256(SI), Z18, Z4
	VFMADD231PS  320(SI), Z18, Z5
	PREFETCHT0   (AHEAD+320)(SI)
	PREFETCHT0   (AHEAD+384)(SI)
	VBROADCASTSS 12(BX), Z19
	VFMADD231PS  384(SI), Z19, Z6
	VFMADD231PS  448(SI), Z19, Z7
	PREFETCHT0   (AHEAD+448)(SI)
	ADDQ         $16, BX
	ADDQ         $512, SI
	SUBQ         $4, CX
	JGE          four

rest:
	ADDQ $4, CX
	JEQ  store

one:
	VBROADCASTSS (BX), Z16
	VFMADD231PS  (SI), Z16, Z0
	VFMADD231PS  64(SI), Z16, Z1
	ADDQ         $4, BX
	ADDQ         $128, SI
	DECQ         CX
	JNE          one

store:
	VADDPS  Z2, Z0, Z0
	VADDPS  Z3, Z1, Z1
	VADDPS  Z6, Z4, Z4
	VADDPS  Z7, Z5, Z5
	VADDPS  Z4, Z0, Z0
	VADDPS  Z5, Z1, Z1
	VMAXPS  Z0, Z30, Z0 // the sum is the second source, so NaN stays NaN
	VMAXPS  Z1, Z30, Z1
	VMINPS  Z0, Z31, Z0
	VMINPS  Z1, Z31, Z1
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	ADDQ    $128, DI
	ADDQ    R12, R8
	DECQ    R11
	JNE     panel
	VZEROUPPER
	RET
