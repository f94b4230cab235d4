package install

import (
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"tandem/role/options"
)

// Commands are install, uninstall and status. settings are the flags of all settings, which collect in given.
func Commands(settings []cli.Flag, given options.Given, stdout, stderr io.Writer) []*cli.Command {
	unit := func() cli.Flag {
		return &cli.StringFlag{Name: "unit", Value: "tandem", Usage: "name of the service: one for each node on this machine"}
	}
	with := func(do func(*cli.Context, *Installer) error) cli.ActionFunc {
		return func(c *cli.Context) error {
			i, err := New(c.String("unit"), stdout, stderr)
			if err != nil {
				return err
			}
			return do(c, i)
		}
	}
	return []*cli.Command{
		{
			Name: "install", Usage: "run a node with these settings as a service of this machine (systemd)", HideHelpCommand: true,
			Flags: append(slices.Clip(settings), unit(), &cli.BoolFlag{Name: "print", Usage: "show the files, and change nothing"}),
			Action: with(func(c *cli.Context, i *Installer) error {
				if c.Bool("print") {
					return i.Print(given)
				}
				return i.Install(c.Context, given)
			}),
		},
		{
			Name: "uninstall", Usage: "stop that service, and remove it", Flags: []cli.Flag{unit()}, HideHelpCommand: true,
			Action: with(func(c *cli.Context, i *Installer) error { return i.Uninstall(c.Context) }),
		},
		{
			Name: "status", Usage: "what systemd says of that service", Flags: []cli.Flag{unit()}, HideHelpCommand: true,
			Action: with(func(c *cli.Context, i *Installer) error { return i.Status(c.Context) }),
		},
	}
}
