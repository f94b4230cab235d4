package cert

import (
	"io"

	"github.com/urfave/cli/v2"
)

// Command is tandem cert.
func Command(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name: "cert", Usage: "make certificates for --tls-cert, --tls-key and --tls-ca, and a CA where there is none yet",
		UsageText: "tandem cert [--ca-dir FOLDER] NAME[,NAME or ADDRESS]...   (as others call the device, for example: slow,192.168.1.12)",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "ca-dir", Usage: "where the CA lies, and the certificates go", Value: "."},
		},
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return cli.Exit("cert needs the names of the devices, as in: tandem cert end slow fast client", 2)
			}
			return Make(Options{Dir: c.String("ca-dir"), Devices: c.Args().Slice(), Stdout: stdout})
		},
	}
}
