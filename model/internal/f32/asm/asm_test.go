package main

import (
	"bytes"
	"os"
	"testing"
)

// What package f32 is built from is what stands here.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what is generated now: go generate ./...", name)
		}
	}
}
