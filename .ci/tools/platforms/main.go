// Command platforms checks that a module compiles for other platforms, without building it: it reads all that the module needs,
// as it is for a platform, and checks the module's types. Of other modules only the declarations count, so that it takes a
// fraction of a build.
//
//	platforms ../.. darwin/arm64 windows/amd64
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: platforms FOLDER SYSTEM/PROCESSOR …, as in platforms . darwin/arm64")
	}
	failed := false
	for _, platform := range os.Args[2:] {
		wrong, err := check(os.Args[1], platform)
		if err != nil {
			log.Fatalf("%s: %v", platform, err)
		}
		for _, w := range wrong {
			log.Printf("%s: %s", platform, w)
		}
		failed = failed || len(wrong) > 0
	}
	if failed {
		os.Exit(1)
	}
}

// check returns what is wrong with the program in a folder on a platform.
func check(folder, platform string) (wrong []string, err error) {
	system, processor, is := strings.Cut(platform, "/")
	if !is {
		return nil, fmt.Errorf("want SYSTEM/PROCESSOR, as in darwin/arm64")
	}
	own, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	all, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir:  folder, Env: append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOWORK=off"),
		ParseFile: func(files *token.FileSet, name string, content []byte) (*ast.File, error) {
			file, err := parser.ParseFile(files, name, content, parser.SkipObjectResolution)
			if err == nil && !strings.HasPrefix(name, own+string(filepath.Separator)) {
				strip(file)
			}
			return file, err
		},
	}, "./...")
	for _, p := range all {
		for _, e := range p.Errors {
			wrong = append(wrong, e.Error())
		}
	}
	return wrong, err
}

// strip leaves a file's declarations. That some imports are not used any more is wrong in packages that nobody asks for.
func strip(file *ast.File) {
	for _, d := range file.Decls {
		if f, is := d.(*ast.FuncDecl); is && f.Type.TypeParams == nil { // generic ones need a body
			f.Body = nil
		}
	}
}
