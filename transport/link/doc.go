// Package link is what lies between a node and the network: an emulated link, which every byte that the node sends goes
// over, and the count of the bytes that the node sends and receives.
//
//	connection ──▶ conn ──▶ line (when do which bytes arrive?) ──▶ TCP
//	                         └─ Uplink: the rate that all connections of a node share
package link
