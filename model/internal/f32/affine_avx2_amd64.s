#include "textflag.h"

// One weight vector times the frame, AVX2 and FMA. A panel is 16 rows wide:
//
//	SI ─▶ k=0: [row 0..7][row 8..15]   one Y register each, 64 bytes a column
//	      k=1: [row 0..7][row 8..15]
//	      ...
//
// Each column is multiplied by one broadcast x[k]. Four columns in flight with
// their own sums keep eight FMA chains going, enough to hide their latency.
//
//	DI y   R8 panel   SI weights   DX x   BX x[k]   R9 init or 0
//	R10 columns   CX columns left   R11 panels left   R12 panel pitch, bytes
//	Y0,Y1 Y2,Y3 Y4,Y5 Y6,Y7 sums of columns 0..3 mod 4   Y8-Y11 x[k]
//	Y14 lo   Y15 hi

// AHEAD is how far the prefetch runs in front: the hardware's own stops at
// every 4 KB page, and a panel crosses one each 64 columns.
#define AHEAD 4096

// func affineAVX2(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)
TEXT ·affineAVX2(SB), NOSPLIT, $0-64
	MOVQ         y+0(FP), DI
	MOVQ         w+8(FP), R8
	MOVQ         x+16(FP), DX
	MOVQ         init+24(FP), R9
	MOVQ         cols+32(FP), R10
	MOVQ         panels+40(FP), R11
	MOVQ         pitch+48(FP), R12
	VBROADCASTSS lo+56(FP), Y14
	VBROADCASTSS hi+60(FP), Y15

panel:
	MOVQ    R8, SI
	MOVQ    DX, BX
	MOVQ    R10, CX
	VXORPS  Y0, Y0, Y0
	VXORPS  Y1, Y1, Y1
	TESTQ   R9, R9
	JEQ     sums
	VMOVUPS (R9), Y0
	VMOVUPS 32(R9), Y1
	ADDQ    $64, R9

sums:
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	SUBQ   $4, CX
	JLT    rest

four:
	PREFETCHT0   AHEAD(SI)
	VBROADCASTSS (BX), Y8
	VFMADD231PS  (SI), Y8, Y0
	VFMADD231PS  32(SI), Y8, Y1
	PREFETCHT0   (AHEAD+64)(SI)
	VBROADCASTSS 4(BX), Y9
	VFMADD231PS  64(SI), Y9, Y2
	VFMADD231PS  96(SI), Y9, Y3
	PREFETCHT0   (AHEAD+128)(SI)
	VBROADCASTSS 8(BX), Y10
	VFMADD231PS  128(SI), Y10, Y4
	VFMADD231PS  160(SI), Y10, Y5
	PREFETCHT0   (AHEAD+192)(SI)
	VBROADCASTSS 12(BX), Y11
	VFMADD231PS  192(SI), Y11, Y6
	VFMADD231PS  224(SI), Y11, Y7
	ADDQ         $16, BX
	ADDQ         $256, SI
	SUBQ         $4, CX
	JGE          four

rest:
	ADDQ $4, CX
	JEQ  store

one:
	VBROADCASTSS (BX), Y8
	VFMADD231PS  (SI), Y8, Y0
	VFMADD231PS  32(SI), Y8, Y1
	ADDQ         $4, BX
	ADDQ         $64, SI
	DECQ         CX
	JNE          one

store:
	VADDPS  Y2, Y0, Y0
	VADDPS  Y3, Y1, Y1
	VADDPS  Y6, Y4, Y4
	VADDPS  Y7, Y5, Y5
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VMAXPS  Y0, Y14, Y0 // the sum is the second source, so NaN stays NaN
	VMAXPS  Y1, Y14, Y1
	VMINPS  Y0, Y15, Y0
	VMINPS  Y1, Y15, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    $64, DI
	ADDQ    R12, R8
	DECQ    R11
	JNE     panel
	VZEROUPPER
	RET
