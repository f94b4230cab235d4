// Package auth says who may call a node, and how much of the node one caller may take: certificates, keys, limits for
// connections and for bytes in memory, and the texts that tell both sides why a call was refused.
//
//	peer ──▶ Gate.Listen ──▶ Gate.Admit ──▶ the node's handler
//	         connections,    key,
//	         handshake       bytes of bodies
package auth
